# SPDX-License-Identifier: MIT
"""Signs a body as Standard Webhooks describes, as the payment gateway does with its notices."""

import base64
import hashlib
import hmac
import time

SECRET = "whsec_" + base64.b64encode(b"the key of the gateway's notices").decode()


def signed(body, secret=SECRET, at=0, identifier="msg_1"):
    """The headers of a JSON body that is sent so many seconds from now."""
    sent = str(int(time.time()) + at)
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    digest = hmac.new(key, f"{identifier}.{sent}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": identifier, "webhook-timestamp": sent, "webhook-signature": "v1," + base64.b64encode(digest).decode(),
            "Content-Type": "application/json"}
