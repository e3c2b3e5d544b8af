"""Messages to browsers over their makers' push services. (RFC 8030, 8291, 8292)

Each answer of 201 means: taken in. 404 and 410: the browser has gone for good. ``Topic`` lets a service replace a
message that it still holds by the same one sent again, and the browser shows one for each tag.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import httpx
import msgspec
from webpush import WebPush, WebPushException, WebPushSubscription

from adapters.messaging.push.keys import PushKeys
from adapters.outgoing.guard import Guard, Patience, Trouble
from adapters.outgoing.http import Caller
from domain.notification.push import PushAddress, service_of
from ports.budget import Budget
from ports.errors import GatewayError, GatewayRefused
from ports.notification.push import GONE, PushMessage

MOST_BYTES: Final = 3000
"""Services take 4096 bytes of sealed text; what we say is far below."""
PROVEN_S: Final = 12 * 3600


class WebPushGateway:
    """``contact``: an address at which a service's people find ours."""

    def __init__(
        self,
        keys: PushKeys,
        client: httpx.AsyncClient,
        budget: Budget,
        *,
        hosts: Sequence[str],
        contact: str,
        patience: Patience | None = None,
        trouble: Trouble | None = None,
    ) -> None:
        self._keys, self._hosts, self._contact = keys, tuple(hosts), contact
        self._callers = {
            name: Caller(client, Guard(f"push/{name.strip('.')}", budget, patience=patience, trouble=trouble), _refusal)
            for name in hosts
        }

    async def push(self, to: PushAddress, message: PushMessage) -> None:
        service = service_of(urlsplit(to.endpoint).hostname or "", self._hosts)
        if service is None:
            raise GatewayRefused("push", "a service that we do not call any more", GONE)
        body = msgspec.json.encode(
            {name: getattr(message, name) for name in ("title", "body", "link", "tag", "lang", "dir")}
        )
        if len(body) > MOST_BYTES:
            raise GatewayRefused("push", "longer than any service takes", "too_long")
        headers, sealed = self._sealed(to, body)
        headers |= {
            "ttl": str(message.ttl_s),
            "urgency": "high" if message.urgent else "normal",
            "topic": _topic(message.tag),
            "content-type": "application/octet-stream",
        }
        await self._callers[service].ask(
            "POST", to.endpoint, endpoint="push", repeatable=True, headers=headers, content=sealed
        )

    def _sealed(self, to: PushAddress, body: bytes) -> tuple[dict[str, str], bytes]:
        try:
            # A subscription's keys are as old as its browser: they may be no point of the curve.
            subscription = WebPushSubscription.model_validate(
                {"endpoint": to.endpoint, "keys": {"p256dh": to.p256dh, "auth": to.auth}}
            )
            made = WebPush(self._keys.private_pem, self._keys.public_pem, self._contact, expiration=PROVEN_S).get(
                body, subscription
            )
        except (ValueError, WebPushException) as error:
            raise GatewayRefused("push", "the browser gave keys that are none", GONE) from error
        return {name: str(value) for name, value in made.headers.items()}, made.encrypted


def _refusal(answer: httpx.Response) -> GatewayError:
    if answer.status_code in {404, 410}:
        return GatewayRefused("push", "the browser has gone", GONE)
    return GatewayRefused("push", f"answered {answer.status_code}", str(answer.status_code))


def _topic(tag: str) -> str:
    """At most 32 characters of URL-safe base64. (RFC 8030, 5.4)"""
    return base64.urlsafe_b64encode(hashlib.sha256(tag.encode()).digest()[:24]).decode()
