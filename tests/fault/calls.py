# SPDX-License-Identifier: MIT
"""Requests that wait while the test goes on."""

import threading


class Call(threading.Thread):
    """A request in another thread. `answer` waits for its answer."""

    def __init__(self, request, *args, **kw):
        super().__init__(daemon=True)
        self.request, self.args, self.kw, self.reply = request, args, kw, None
        self.start()

    def run(self):
        self.reply = self.request(*self.args, **self.kw)

    @property
    def answer(self):
        self.join(40)
        assert self.reply is not None, "no answer came"
        return self.reply
