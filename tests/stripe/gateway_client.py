# SPDX-License-Identifier: MIT
"""The gateway program for Stripe, as the sweeper and Stripe call it."""

import uuid

from standin import SECRET_KEY, WEBHOOK_SECRET, sign


def settings(stripe):
    return {"PAYMENT_GATEWAY": "stripe", "STRIPE_SECRET_KEY": SECRET_KEY, "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STRIPE_API_URL": stripe.url, "PUBLIC_URL": "https://air.example"}


class Gateway:
    """The gateway program, as the sweeper calls it."""

    def __init__(self, stack, stripe):
        self.stack, self.stripe, self.api = stack, stripe, stack.gateway()

    def charge(self, key=None, cents=12900, currency="USD", **more):
        key = key or str(uuid.uuid4())
        return key, self.api.post("/charges", {"orderId": f"gateway-test-{key[:8]}", "paymentCode": "", "amountCents": cents,
                                               "currency": currency, "returnUrl": "https://air.example/?order=1&x=%C3%A4", **more},
                                  headers={"Idempotency-Key": key})

    def opened(self, **more):
        """A charge whose customer is on Stripe's page: its key and the page."""
        key, answer = self.charge(**more)
        assert answer.ok(202)["redirectUrl"] == self.stripe.session_of(key)["url"]
        return key, self.stripe.session_of(key)

    def paid(self, **more):
        key, session = self.opened(**more)
        assert self.stripe.pay(session)
        self.charge(key)[1].ok()
        return key, session

    def void(self, key):
        return self.api.post(f"/charges/{key}/void", {})

    def refund(self, key, cents, refund_key=None):
        return self.api.post(f"/charges/{key}/refunds", {"amountCents": cents}, headers={"Idempotency-Key": refund_key or str(uuid.uuid4())})

    def hear(self, body, signature=None):
        """An event arrives on the public path."""
        headers = {"Stripe-Signature": sign(body) if signature is None else signature, "Content-Type": "application/json"}
        return self.stack.api().request("POST", "/webhooks/stripe", body=body, headers=headers)

    def row(self, key):
        return self.stack.gateway_query("SELECT * FROM stripe_charges WHERE idempotency_key = %s", key)[0]
