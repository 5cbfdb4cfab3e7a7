"""SEND_CONFIRMATION: the confirmed order goes to CONFIRMATION_URL, again and again if need be."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stack import wait_for


class Listener:
    """Somebody's mail service: notes what it is sent and answers as told."""

    def __init__(self):
        self.received, self.answer = [], 200
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.received.append((dict(self.headers), json.loads(body)))
                self.send_response(listener.answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/confirmed"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def listener():
    listening = Listener()
    yield listening
    listening.server.shutdown()
    listening.server.server_close()


@pytest.fixture(scope="module")
def stack(own_stack, listener):
    return own_stack(CONFIRMATION_URL=listener.url, PAYMENT_TIMEOUT="1s")


def confirmed(stack, api, flight, seat):
    order = api.hold(flight, seat)
    api.pay(order, "99999").ok()
    return stack.wait_status(order, "CONFIRMED")


def attempts(api, order):
    return [event for event in api.events(order) if event["type"] == "CONFIRMATION_ATTEMPT"]


def test_the_confirmed_order_is_sent(stack, api, flight, listener):
    order = confirmed(stack, api, flight, "A1")
    wait_for(lambda: not stack.has_job(order, "SEND_CONFIRMATION"), 5)
    ((headers, body),) = [each for each in listener.received if each[1].get("orderId") == order["orderId"]]
    assert headers["Content-Type"].startswith("application/json")
    assert (body["status"], body["seats"], body["totalPriceCents"]) == ("CONFIRMED", ["A1"], order["totalPriceCents"])
    assert "paymentCode" not in body
    assert [event["outcome"] for event in attempts(api, order)] == ["SENT"]


def test_a_refused_confirmation_is_tried_again_and_the_order_stays_confirmed(stack, api, flight, listener):
    listener.answer = 503
    try:
        order = confirmed(stack, api, flight, "A2")
        wait_for(lambda: len(attempts(api, order)) >= 2, 20, "a second attempt")
        assert {event["outcome"] for event in attempts(api, order)} == {"ERROR"}
    finally:
        listener.answer = 200
    (job,) = stack.everything(order)["jobs"]
    # At once instead of after the next wait; the sweeper may be at it just now.
    wait_for(lambda: not stack.has_job(order, "SEND_CONFIRMATION") or
             api.post(f"/api/admin/jobs/{job['job_id']}/retry").status == 200, 5)
    wait_for(lambda: not stack.has_job(order, "SEND_CONFIRMATION"), 20)
    assert attempts(api, order)[-1]["outcome"] == "SENT"
    assert api.order(order)["status"] == "CONFIRMED"
