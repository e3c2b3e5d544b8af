"""WhatsApp without a provider and without a database."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from domain.errors import NotFound, StaleWrite
from domain.ids import DeliveryId, UserId
from domain.notification.whatsapp import Consent, Contact, goes_on
from ports.errors import BadSignature
from ports.notification.whatsapp import Heard, Progress, Template


class MemoryContacts:
    def __init__(self, stored: dict[Any, Any], said: dict[Any, Any], progress: dict[Any, Any]) -> None:
        self._stored, self._said, self._progress = stored, said, progress

    async def of(self, user_id: UserId) -> Contact | None:
        return self._stored.get(user_id)

    async def by_number(self, number: str) -> Sequence[Contact]:
        return sorted((c for c in self._stored.values() if c.number == number), key=lambda c: c.user_id)

    async def reachable(self, people: Collection[UserId]) -> frozenset[UserId]:
        return frozenset(p for p in people if p in self._stored and self._stored[p].is_active)

    async def save(self, contact: Contact) -> None:
        known = self._stored.get(contact.user_id)
        if (known.version if known is not None else 0) != contact.version - 1:
            raise StaleWrite("the number was changed in between")
        self._stored[contact.user_id] = contact

    async def note(self, consent: Consent) -> None:
        self._said[len(self._said)] = consent

    async def consents(self, user_id: UserId) -> Sequence[Consent]:
        return [consent for consent in self._said.values() if consent.user_id == user_id]

    async def advance(self, delivery_id: DeliveryId, progress: Progress) -> bool:
        known = self._progress.get(delivery_id)
        if not goes_on(known.stage if known is not None else None, progress.stage):
            return False
        self._progress[delivery_id] = progress
        return True


class MemoryLine:
    """``failing``: raised for the next call each, before anything is kept. ``heard``: what ``read`` finds."""

    account = "school"
    number = "+15550783881"

    def __init__(self) -> None:
        self.sent: list[tuple[str, Template, str]] = []
        self.told: list[tuple[str, str]] = []
        self.failing: list[Exception] = []
        self.heard = Heard()

    async def send(self, number: str, template: Template, *, reference: str) -> str:
        if self.failing:
            raise self.failing.pop(0)
        self.sent.append((number, template, reference))
        return f"wamid.{len(self.sent)}"

    async def say(self, number: str, text: str, *, reference: str = "") -> str:
        if self.failing:
            raise self.failing.pop(0)
        self.told.append((number, text))
        return f"wamid.said{len(self.told)}"

    def read(self, raw: bytes, headers: Mapping[str, str]) -> Heard:
        if headers.get("x-hub-signature-256") == "forged":
            raise BadSignature("whatsapp", "not signed")
        return msgspec.structs.replace(self.heard)

    def greets(self, mode: str, token: str) -> bool:
        return mode == "subscribe" and token == "ours"


class MemoryLines:
    def __init__(self, line: MemoryLine | None) -> None:
        self.line = line

    def at_hand(self) -> MemoryLine | None:
        return self.line

    def get(self, account: str) -> MemoryLine:
        if self.line is None or account != self.line.account:
            raise NotFound("there is nothing at this address")
        return self.line


def build(part: str, shelf: Callable[[str], dict[Any, Any]]) -> Any:
    """For ``fakes.unit``."""
    return MemoryContacts(shelf(part), shelf("whatsapp_consents"), shelf("message_progress"))
