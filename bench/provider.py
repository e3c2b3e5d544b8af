"""A payment provider for a benchmark, as quick as one can be: ``python bench/provider.py PORT``. From ``GET /delay/50``
on it takes 50 ms for each answer, as one that is reached over the Internet does.

It keeps nothing. What is paid is in the id that is asked for: ``cs_`` or ``pi_`` and the hex of our payment; all of
them are paid, nine dollars each. It answers in the words of the sandbox (``/v1/checkouts``) and of Stripe
(``/v1/payment_intents``, ``/v1/account``).
"""

import asyncio
import json
import sys
from typing import Any, Final
from uuid import UUID

PAID_AT: Final = 1_790_000_000
PRICE: Final = 900


def checkout(ref: str) -> dict[str, Any]:
    at = "2026-09-21T12:53:20Z"
    none = dict.fromkeys(("decline_code", "card_brand", "card_last4"))
    texts = dict.fromkeys(("url", "description", "payer_email", "success_url", "cancel_url"), "")
    return none | texts | {
        "object": "checkout", "id": ref, "account": "school", "reference": str(UUID(ref[3:])), "status": "succeeded",
        "amount": PRICE, "refunded": 0, "currency": "USD", "metadata": {}, "charge": f"ch_{ref[3:]}", "refunds": [],
        "created_at": at, "updated_at": at, "expires_at": at,
    }  # fmt: skip


def intent(ref: str) -> dict[str, Any]:
    none = ("application", "canceled_at", "cancellation_reason", "customer", "description", "invoice", "latest_charge",
            "last_payment_error", "next_action", "on_behalf_of", "payment_method", "processing", "receipt_email",
            "review", "setup_future_usage", "shipping", "source", "statement_descriptor", "transfer_data",
            "transfer_group")  # fmt: skip
    return dict.fromkeys(none) | {
        "object": "payment_intent", "id": ref, "amount": PRICE, "amount_capturable": 0, "amount_received": PRICE,
        "capture_method": "automatic", "client_secret": f"{ref}_secret", "confirmation_method": "automatic",
        "created": PAID_AT, "currency": "usd", "livemode": False, "metadata": {"reference": str(UUID(ref[3:]))},
        "payment_method_types": ["card"], "status": "succeeded",
    }  # fmt: skip


ACCOUNT: Final = {
    "object": "account", "id": "acct_bench", "business_type": "company", "charges_enabled": True, "country": "US",
    "created": PAID_AT, "default_currency": "usd", "details_submitted": True, "email": "school@example.org",
    "metadata": {}, "payouts_enabled": True, "settings": {"branding": {}, "dashboard": {}}, "type": "standard",
}  # fmt: skip


class Distance:
    """Seconds until an answer comes."""

    s = 0.0


def answer(path: str) -> Any:
    kind, _, ref = path.partition("?")[0].removeprefix("/v1/").partition("/")
    if kind == "checkouts":
        return checkout(ref)
    if kind == "payment_intents":
        return intent(ref)
    return ACCOUNT if kind in ("account", "accounts") else {}


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Requests without a body, one after the other."""
    try:
        while True:
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
            if path.startswith("/delay/"):
                Distance.s = int(path.removeprefix("/delay/")) / 1000
            elif Distance.s:
                await asyncio.sleep(Distance.s)
            body = json.dumps(answer(path)).encode()
            length = f"content-type: application/json\r\ncontent-length: {len(body)}"
            writer.write(f"HTTP/1.1 200 OK\r\n{length}\r\n\r\n".encode() + body)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main(port: int) -> None:
    async with await asyncio.start_server(serve, "127.0.0.1", port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
