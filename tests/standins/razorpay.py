"""Razorpay as far as its documentation tells: orders, payments, captures, refunds, disputes, webhooks, the hosted page.

    with razorpay() as there:
        there.url, there.key_id, there.key_secret
        callback = there.pay(order_id)
        raw, headers = there.webhook("payment.authorized", payment=there.payment_of(order_id))
        assert there.violations == []

It keeps state, refuses what the documentation refuses, and notes as a violation whatever no adapter should ever send.
Sources: the provider facts this project was given; Razorpay API reference for orders, payments, refunds, disputes and
errors; "Hosted checkout".
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

THREE_DECIMALS: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_IDEMPOTENCY: Final = re.compile(r"[A-Za-z0-9_-]{10,}")
_PAGING: Final = {"count", "skip", "from", "to"}
_FORM: Final = {"key_id", "order_id", "amount", "currency", "name", "description", "callback_url", "cancel_url"}


class Refused(Exception):
    def __init__(self, description: str, *, status: int = 400, reason: str = "NA", field: str | None = None) -> None:
        super().__init__(description)
        self.status = status
        error = {"code": "BAD_REQUEST_ERROR", "description": description, "source": "business", "step": "NA"}
        self.body = {"error": error | {"reason": reason, "metadata": {}} | ({"field": field} if field else {})}


class Razorpay:
    """``captures``: the account captures by itself. ``refunds_start``: the status that new refunds have."""

    def __init__(self, *, captures: bool = False) -> None:
        self.url, self.captures, self.refunds_start = "", captures, "processed"
        self.honors_unique_receipts = True
        self.key_id, self.key_secret, self.webhook_secret = "rzp_test_desk", "secret-of-the-key", "secret-of-the-hook"
        self.orders: dict[str, dict[str, Any]] = {}
        self.payments: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.disputes: dict[str, dict[str, Any]] = {}
        self.violations: list[str] = []
        self.seen: list[str] = []
        self._keys: dict[str, tuple[str, Any]] = {}
        self._lock = threading.RLock()

    # -- the API

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        with self._lock:
            self.seen.append(f"{method} {parts.path}")
            try:
                if parts.path == "/v1/checkout/embedded":
                    return 200, self._page(method, headers, body)
                self._require_key(headers)
                return 200, self._route(method, parts.path, query, headers, body)
            except Refused as refused:
                return refused.status, refused.body

    def _route(self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes) -> Any:
        given = self._json(method, headers, body)
        routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("POST", r"/v1/orders", lambda: self._create_order(given)),
            ("GET", r"/v1/orders", lambda: self._list_orders(query)),
            ("GET", r"/v1/orders/(\w+)", lambda ref: self._shown(self._get(self.orders, ref))),
            ("PATCH", r"/v1/orders/(\w+)", lambda ref: self._patch_order(ref, given)),
            ("GET", r"/v1/orders/(\w+)/payments", lambda ref: self._payments_of(ref)),
            ("GET", r"/v1/payments/(\w+)", lambda ref: self._get(self.payments, ref)),
            ("POST", r"/v1/payments/(\w+)/capture", lambda ref: self._capture(ref, given)),
            ("POST", r"/v1/payments/(\w+)/refund", lambda ref: self._refund(ref, given, headers)),
            ("GET", r"/v1/payments/(\w+)/refunds", lambda ref: self._refunds_of(ref, query)),
            ("GET", r"/v1/refunds", lambda: self._list(self.refunds, query, _PAGING)),
            ("GET", r"/v1/disputes/(\w+)", lambda ref: self._get(self.disputes, ref)),
        ]
        for verb, pattern, work in routes:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                return work(*found.groups())
        self.violations.append(f"no such call: {method} {path}")
        raise Refused("The requested URL was not found on the server.", status=404)

    def _create_order(self, given: dict[str, Any]) -> Any:
        known = {"amount", "currency", "receipt", "notes", "partial_payment", "unique_receipt"}
        self._require_fields(given, known, {"amount", "currency"})
        self._require_amount(given["amount"], str(given["currency"]), "Order amount less than minimum amount allowed")
        self._require_text(given.get("receipt", ""), 40, "receipt")
        self._require_notes(given.get("notes", {}))
        for flag in ("partial_payment", "unique_receipt"):
            if not isinstance(given.get(flag, False), bool):
                self._violate(f"{flag} is not a boolean")
        receipt = given.get("receipt")
        same = [order for order in self.orders.values() if receipt and order["receipt"] == receipt]
        if given.get("unique_receipt") and same and self.honors_unique_receipts:
            if (same[0]["amount"], same[0]["currency"]) != (given["amount"], given["currency"]):
                raise Refused("The receipt has been used for another order", field="receipt")
            return self._shown(same[0])
        order = {
            "id": self._id("order"), "entity": "order", "amount": given["amount"], "amount_paid": 0,
            "amount_due": given["amount"], "currency": given["currency"], "receipt": receipt, "offer_id": None,
            "status": "created", "attempts": 0, "notes": given.get("notes") or [], "created_at": int(time.time()),
        }  # fmt: skip
        self.orders[order["id"]] = order
        return self._shown(order)

    def _list_orders(self, query: dict[str, str]) -> Any:
        expand = query.pop("expand[]", "")
        if expand not in ("", "payments"):
            self._violate(f"expand[] = {expand!r}")
        receipt = query.pop("receipt", None)
        kept = {
            ref: order for ref, order in self.orders.items() if receipt is None or receipt in (order["receipt"] or "")
        }
        found = self._list(kept, query, _PAGING)
        found["items"] = [self._shown(order) for order in found["items"]]
        if expand:
            for order in found["items"]:
                order["payments"] = self._payments_of(order["id"])
        return found

    def _patch_order(self, id: str, given: dict[str, Any]) -> Any:
        order = self._get(self.orders, id)
        self._require_fields(given, {"notes"}, {"notes"})
        self._require_notes(given["notes"])
        order["notes"] = given["notes"] or []
        return self._shown(order)

    def _payments_of(self, id: str) -> Any:
        self._get(self.orders, id)
        return _collection([dict(one) for one in reversed(self.payments.values()) if one["order_id"] == id])

    def _capture(self, id: str, given: dict[str, Any]) -> Any:
        payment = self._get(self.payments, id)
        self._require_fields(given, {"amount", "currency"}, {"amount", "currency"})
        if payment["status"] in ("captured", "refunded"):
            raise Refused("This payment has already been captured")
        if payment["status"] != "authorized":
            raise Refused("Only payments which have been authorized and not yet captured can be captured")
        if (given["amount"], given["currency"]) != (payment["amount"], payment["currency"]):
            self._violate("capture amount must be equal to the amount authorized")
        self._take(payment)
        return dict(payment)

    def _refund(self, id: str, given: dict[str, Any], headers: dict[str, str]) -> Any:
        payment, key = self._get(self.payments, id), headers.get("x-refund-idempotency", "")
        self._require_fields(given, {"amount", "speed", "notes", "receipt"}, set())
        if _IDEMPOTENCY.fullmatch(key) is None:
            self._violate("a refund without a proper X-Refund-Idempotency")
        if given.get("speed", "normal") not in ("normal", "optimum"):
            self._violate("speed is normal or optimum")
        self._require_notes(given.get("notes", {}))
        self._require_text(given.get("receipt", ""), 40, "receipt")
        asked = json.dumps([id, given], sort_keys=True)
        if key in self._keys:
            first, refund_id = self._keys[key]
            if first != asked:
                raise Refused("Different request with the same idempotency key has already been processed.")
            return dict(self.refunds[refund_id])
        if payment["status"] not in ("captured", "refunded"):
            raise Refused("The payment status should be captured for action to be taken")
        left = payment["amount"] - payment["amount_refunded"]
        amount = given.get("amount", left)
        if left == 0:
            raise Refused("The payment has been fully refunded already")
        if amount > left:
            raise Refused("The total refund amount is greater than the refund payment amount")
        self._require_amount(amount, payment["currency"], "The amount must be at least INR 1.00")
        refund = {
            "id": self._id("rfnd"), "entity": "refund", "amount": amount, "currency": payment["currency"],
            "payment_id": id, "notes": given.get("notes") or [], "receipt": given.get("receipt"), "batch_id": None,
            "acquirer_data": {"arn": None}, "created_at": int(time.time()), "status": self.refunds_start,
            "speed_requested": given.get("speed", "normal"), "speed_processed": "normal",
        }  # fmt: skip
        self.refunds[refund["id"]] = refund
        self._keys[key] = asked, refund["id"]
        self._recount(payment)
        return dict(refund)

    def _refunds_of(self, id: str, query: dict[str, str]) -> Any:
        self._get(self.payments, id)
        return self._list({k: one for k, one in self.refunds.items() if one["payment_id"] == id}, query, _PAGING)

    def _page(self, method: str, headers: dict[str, str], body: bytes) -> Any:
        """Where a payer's browser comes with our form."""
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        kind = headers.get("content-type", "").partition(";")[0]
        if method != "POST" or kind != "application/x-www-form-urlencoded":
            self._violate("the page takes a posted form")
        unknown = {name for name in form if name not in _FORM and not name.startswith(("prefill[", "notes["))}
        if unknown or not {"key_id", "order_id", "callback_url"} <= form.keys():
            self._violate(f"the form has {sorted(form)}")
        order = self._get(self.orders, form["order_id"])
        if form["key_id"] != self.key_id:
            raise Refused("The api key provided is invalid", status=401)
        if form.get("amount", str(order["amount"])) != str(order["amount"]):
            self._violate("the form's amount is not the order's")
        if order["status"] == "paid":
            raise Refused("Payment already done for this order.")
        return {"page": order["id"], "callback_url": form["callback_url"], "cancel_url": form.get("cancel_url")}

    # -- what payers, banks and people at the dashboard do

    def pay(self, order_id: str, *, authorized: bool = True) -> dict[str, str]:
        """What the browser then brings to the callback address."""
        with self._lock:
            payment = self._try(order_id, "authorized" if authorized else "created")
            if authorized and self.captures:
                self._take(payment)
            return self.callback(order_id, payment["id"])

    def fail(self, order_id: str, reason: str = "payment_failed", code: str = "BAD_REQUEST_ERROR") -> str:
        with self._lock:
            payment = self._try(order_id, "failed")
            payment |= {"error_code": code, "error_description": reason, "error_reason": reason}
            self.payments[payment["id"]] = payment
            return str(payment["id"])

    def authorize_late(self, payment_id: str) -> None:
        """The bank says yes after all."""
        with self._lock:
            payment = self.payments[payment_id]
            payment |= {"status": "authorized", "error_code": None, "error_description": None, "error_reason": None}
            if self.captures:
                self._take(payment)

    def callback(self, order_id: str, payment_id: str) -> dict[str, str]:
        signature = self._sign(f"{order_id}|{payment_id}".encode(), self.key_secret)
        named = {"razorpay_payment_id": payment_id, "razorpay_order_id": order_id}
        return named | {"razorpay_signature": signature}

    def settle_refund(self, refund_id: str, status: str) -> None:
        with self._lock:
            self.refunds[refund_id]["status"] = status
            self._recount(self.payments[self.refunds[refund_id]["payment_id"]])

    def dispute(self, payment_id: str, status: str = "open") -> str:
        with self._lock:
            payment = self.payments[payment_id]
            dispute = {
                "id": self._id("disp"), "entity": "dispute", "payment_id": payment_id, "amount": payment["amount"],
                "currency": payment["currency"], "amount_deducted": 0, "reason_code": "chargeback_authorization",
                "respond_by": int(time.time()) + 864_000, "status": status, "phase": "chargeback",
                "created_at": int(time.time()),
            }  # fmt: skip
            self.disputes[dispute["id"]] = dispute
            return str(dispute["id"])

    def payment_of(self, order_id: str) -> dict[str, Any]:
        """The last try."""
        return [payment for payment in self.payments.values() if payment["order_id"] == order_id][-1]

    def webhook(self, event: str, *, secret: str = "", **objects: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        told = {
            "entity": "event", "account_id": "acc_standinforRzp", "event": event, "contains": list(objects),
            "payload": {name: {"entity": entity} for name, entity in objects.items()}, "created_at": int(time.time()),
        }  # fmt: skip
        raw = json.dumps(told).encode()
        signature = self._sign(raw, secret or self.webhook_secret)
        return raw, {"x-razorpay-signature": signature, "x-razorpay-event-id": secrets.token_hex(7)}

    # -- inside

    def _try(self, order_id: str, status: str) -> dict[str, Any]:
        order = self.orders[order_id]
        payment = {
            "id": self._id("pay"), "entity": "payment", "amount": order["amount"], "currency": order["currency"],
            "status": status, "order_id": order_id, "invoice_id": None, "international": False, "method": "card",
            "amount_refunded": 0, "refund_status": None, "captured": False, "description": None, "notes": [],
            "fee": None, "tax": None, "error_code": None, "error_description": None, "error_reason": None,
            "created_at": int(time.time()),
        }  # fmt: skip
        if order["status"] == "paid":
            payment["status"] = "failed"
        else:
            order |= {"status": "attempted", "attempts": order["attempts"] + 1}
        self.payments[payment["id"]] = payment
        return payment

    def _take(self, payment: dict[str, Any]) -> None:
        order = self.orders[payment["order_id"]]
        if order["status"] == "paid":
            raise Refused("Payment already done for this order.")
        payment |= {"status": "captured", "captured": True}
        order |= {"status": "paid", "amount_paid": order["amount"], "amount_due": 0}

    def _recount(self, payment: dict[str, Any]) -> None:
        alive = [
            one for one in self.refunds.values() if one["payment_id"] == payment["id"] and one["status"] != "failed"
        ]
        back = sum(one["amount"] for one in alive)
        whole = back == payment["amount"]
        payment |= {"amount_refunded": back, "refund_status": "full" if whole else "partial" if back else None}
        payment["status"] = "refunded" if whole else "captured"

    def _list(self, shelf: dict[str, dict[str, Any]], query: dict[str, str], known: set[str]) -> Any:
        if not query.keys() <= known or not all(value.isdecimal() for value in query.values()):
            self._violate(f"a list is asked with {query}")
        count, skip, since = int(query.get("count", 10)), int(query.get("skip", 0)), int(query.get("from", 0))
        if not 1 <= count <= 100:
            self._violate("count is between 1 and 100")
        found = [dict(one) for one in reversed(shelf.values()) if one["created_at"] >= since]
        return _collection(found[skip : skip + count])

    def _shown(self, order: dict[str, Any]) -> dict[str, Any]:
        return dict(order)

    def _get(self, shelf: dict[str, dict[str, Any]], id: str) -> dict[str, Any]:
        if re.fullmatch(r"[a-z]+_[A-Za-z0-9]{14}", id) is None:
            raise Refused(f"{id} is not a valid id", reason="input_validation_failed", field="id")
        if id not in shelf:
            raise Refused("The id provided does not exist", reason="input_validation_failed")
        return shelf[id]

    def _json(self, method: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
        if method == "GET":
            if body:
                self._violate("a GET with a body")
            return {}
        if headers.get("content-type", "").partition(";")[0] != "application/json":
            self._violate("a body that is not JSON")
        given = json.loads(body)
        return dict(given)

    def _require_key(self, headers: dict[str, str]) -> None:
        known = base64.b64encode(f"{self.key_id}:{self.key_secret}".encode()).decode()
        if headers.get("authorization") != f"Basic {known}":
            raise Refused("Authentication failed", status=401)

    def _require_fields(self, given: dict[str, Any], known: set[str], needed: set[str]) -> None:
        extra = given.keys() - known
        if extra:
            self._violate(f"{', '.join(sorted(extra))} is/are not required and should not be sent")
        for name in needed - given.keys():
            self._violate(f"The {name} field is required.")

    def _require_amount(self, amount: Any, currency: str, too_small: str) -> None:
        if not isinstance(amount, int) or isinstance(amount, bool):
            self._violate("The amount must be an integer.")
        if re.fullmatch(r"[A-Z]{3}", currency) is None:
            self._violate("currency is not one")
        if amount < 100:
            raise Refused(too_small, reason="input_validation_failed", field="amount")
        if currency in THREE_DECIMALS and amount % 10:
            self._violate("three-decimal amounts end in 0")

    def _require_text(self, text: Any, longest: int, field: str) -> None:
        if not isinstance(text, str) or len(text) > longest:
            self._violate(f"The {field} may not be greater than {longest} characters.")

    def _require_notes(self, notes: Any) -> None:
        if not isinstance(notes, dict) or len(notes) > 15:
            self._violate("The number of fields in notes should be less than or equal to 15")
        for name, value in notes.items():
            if not isinstance(value, str) or len(value) > 256 or len(name) > 256:
                self._violate(f"notes.{name} is no text of up to 256 characters")

    def _violate(self, what: str) -> None:
        self.violations.append(what)
        raise Refused(what, reason="input_validation_failed")

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{secrets.token_hex(7)}"

    @staticmethod
    def _sign(message: bytes, secret: str) -> str:
        return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def _collection(items: list[Any]) -> dict[str, Any]:
    return {"entity": "collection", "count": len(items), "items": items}


@contextmanager
def razorpay(*, captures: bool = False) -> Iterator[Razorpay]:
    there = Razorpay(captures=captures)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer leaves in one piece: in two, the second waits for the receipt of the first

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, told = there.answer(self.command, self.path, headers, body)
            raw = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _any  # noqa: N815 - as the standard library calls them

        def log_message(self, format: str, *args: object) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    there.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
