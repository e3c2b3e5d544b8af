"""WhatsApp's Cloud API. (NOTI-02) Source: the provider's own description, v23.

There is no idempotency key: a call whose answer is lost is never made again from here. Whether the message went out
is told by the provider later, under the reference that went with it.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import httpx
import msgspec

from adapters.messaging.whatsapp.accounts import Account
from adapters.messaging.whatsapp.hooks import HEADER, check_signature, heard_in
from adapters.messaging.whatsapp.refusals import GATEWAY, is_account, refusal
from adapters.outgoing.guard import Guard, Patience, Trouble
from adapters.outgoing.http import UNREACHED, retry_after
from domain.errors import NotFound
from ports.budget import Budget, Rate
from ports.errors import GatewayRefused, GatewayUnavailable, NotSent
from ports.notification.whatsapp import Heard, Template

VERSION: Final = "v23.0"
USUAL: Final = "https://graph.facebook.com"
THROUGHPUT: Final = Rate(name="whatsapp", times=80, per_s=1.0, burst=20)
PAIR: Final = Rate(name="whatsapp-pair", times=1, per_s=6.0, burst=1)
"""Messages of one number in a second; and to the same reader, one in six seconds."""
LONGEST_REFERENCE: Final = 512


class _Message(msgspec.Struct):
    id: str


class _Answer(msgspec.Struct):
    messages: list[_Message]


class CloudLine:
    """One number. ``trouble`` hears when it is left alone for a while."""

    def __init__(
        self,
        account: Account,
        base_url: str,
        client: httpx.AsyncClient,
        budget: Budget,
        *,
        patience: Patience | None = None,
        trouble: Trouble | None = None,
    ) -> None:
        self._account, self._url = account, f"{base_url}/{VERSION}/{account.phone_number_id}/messages"
        self._gateway = f"{GATEWAY}/{account.name}"
        self._client, self._refusing = client, set[str]()
        self._tell: Trouble = trouble or _nobody
        self._guard = Guard(
            self._gateway, budget, account=[THROUGHPUT], endpoint=[PAIR], patience=patience, trouble=trouble
        )

    @property
    def account(self) -> str:
        return self._account.name

    @property
    def number(self) -> str:
        return self._account.number

    async def send(self, number: str, template: Template, *, reference: str) -> str:
        components: list[dict[str, Any]] = []
        if template.body:
            components.append({"type": "body", "parameters": [_text(part) for part in template.body]})
        if template.button:
            button = {"type": "button", "sub_type": "url", "index": "0", "parameters": [_text(template.button)]}
            components.append(button)
        told = {
            "name": template.name,
            "language": {"policy": "deterministic", "code": template.lang},
            "components": components,
        }
        return await self._post(number, "template", told, reference)

    async def say(self, number: str, text: str, *, reference: str = "") -> str:
        return await self._post(number, "text", {"body": text[:4096], "preview_url": False}, reference)

    def read(self, raw: bytes, headers: Mapping[str, str]) -> Heard:
        check_signature(self._gateway, self._account.app_secrets, headers.get(HEADER, ""), raw)
        heard = heard_in(raw, self._account.phone_number_id)
        for each in heard.progress:
            if is_account(each.code):
                self._refused_us(f"{self._gateway} ({each.code})")
        return heard

    def greets(self, mode: str, token: str) -> bool:
        return mode == "subscribe" and hmac.compare_digest(token.encode(), self._account.verify_token.encode())

    async def _post(self, number: str, kind: str, content: dict[str, Any], reference: str) -> str:
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": number.removeprefix("+"),
            "type": kind,
            kind: content,
        }
        if reference:
            body["biz_opaque_callback_data"] = reference[:LONGEST_REFERENCE]
        return await self._guard.run(_unnamed(number), lambda: self._once(body), repeatable=False)

    async def _once(self, body: dict[str, Any]) -> str:
        try:
            answer = await self._client.post(
                self._url, headers={"authorization": f"Bearer {self._account.token}"}, json=body
            )
        except UNREACHED as error:
            raise NotSent(self._gateway, type(error).__name__) from error
        except httpx.HTTPError as error:
            raise GatewayUnavailable(self._gateway, type(error).__name__) from error
        if answer.status_code == 429:
            # Not taken, whatever else it says: the same message may be tried again.
            raise NotSent(self._gateway, "too many messages", retry_after_s=retry_after(answer.headers))
        if answer.status_code >= 500 or answer.is_redirect:
            raise GatewayUnavailable(self._gateway, f"answered {answer.status_code}")
        if not answer.is_success:
            refused = refusal(self._gateway, answer.status_code, answer.content)
            if isinstance(refused, GatewayRefused) and is_account(refused.code):
                self._refused_us(f"{self._gateway} ({refused.code})")
            raise refused
        try:
            ref = msgspec.json.decode(answer.content, type=_Answer).messages[0].id
        except (msgspec.DecodeError, IndexError) as error:
            raise GatewayUnavailable(self._gateway, "an answer that is none; the message may have gone") from error
        self._recovered()
        return ref

    def _refused_us(self, name: str) -> None:
        """The office sees it: nobody we write to can mend it."""
        self._refusing.add(name)
        self._tell(name, "opened")

    def _recovered(self) -> None:
        while self._refusing:
            self._tell(self._refusing.pop(), "closed")


class Lines:
    """All numbers of an installation. ``here``: the address of the academy at hand."""

    def __init__(self, lines: Sequence[tuple[str, CloudLine]], here: Callable[[], str]) -> None:
        self._by_address = {address.rstrip("/"): line for address, line in lines}
        self._by_name = {line.account: line for _, line in lines}
        self._here = here

    def at_hand(self) -> CloudLine | None:
        """A template's button leads to one address: an academy with another one has no number here."""
        return self._by_address.get(self._here().rstrip("/")) if self._by_address else None

    def get(self, account: str) -> CloudLine:
        try:
            return self._by_name[account]
        except KeyError:
            raise NotFound("there is nothing at this address") from None


def _text(value: str) -> dict[str, str]:
    return {"type": "text", "text": value}


def _nobody(name: str, state: str) -> None:
    """Is told of no trouble."""


def _unnamed(number: str) -> str:
    """Who is written to, for a budget of his own, without his number in logs and counters."""
    return hashlib.sha256(number.encode()).hexdigest()[:16]
