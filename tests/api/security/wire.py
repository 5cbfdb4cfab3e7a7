# SPDX-License-Identifier: MIT
"""Raw bytes: sends requests that no client library would send, and reads answers in full."""

import re
import socket


def connect(stack, timeout=15, receive_buffer=None, host="127.0.0.1"):
    s = socket.socket()
    if receive_buffer:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    s.settimeout(timeout)
    s.connect((host, stack.port))
    return s


def speak(stack, data, timeout=15):
    """Returns the answer, up to when the server hangs up or has been silent for half a second after it began."""
    answer = b""
    with connect(stack, timeout) as s:
        try:
            s.sendall(data)
            while chunk := s.recv(65536):
                answer += chunk
                s.settimeout(0.5)
        except OSError:      # the server hung up, or has finished
            pass
    return answer


def heads(answer):
    """The head of each answer in a stream of them."""
    return re.findall(rb"HTTP/1\.1 \d{3} [^\r]*\r\n(?:[^\r\n]+\r\n)*\r\n", answer)


def status(head):
    return int(head[9:12])


def headers(head):
    return [tuple(part.strip() for part in line.split(":", 1)) for line in head.decode("latin-1").split("\r\n")[1:] if line]
