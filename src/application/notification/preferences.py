"""What somebody wants to hear: shown, changed, and ended by the link of a message. (NOTI-14)"""

import hmac
from datetime import time
from typing import Final
from uuid import UUID

import msgspec

from domain.errors import NotFound
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.identity.session import derived_token
from domain.ids import UserId
from domain.notification.preference import MUTABLE, Group, Preferences
from ports.unit_of_work import NewUnit


class SeePreferences:
    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor) -> Preferences:
        actor.require(Permission.SIGNED_IN)
        async with self._new_unit() as unit:
            return await unit.preferences.of(actor.user_id)


class SetPreferencesCommand(msgspec.Struct, frozen=True, kw_only=True):
    """Wall times in one's own zone; None switches quiet hours, or the daily message, off. ``by_whatsapp`` and
    ``without_mail`` stay as they are where they are None.
    """

    quiet_from: time | None
    quiet_until: time
    digest_at: time | None
    muted: frozenset[Group]
    by_whatsapp: frozenset[Group] | None = None
    without_mail: frozenset[Group] | None = None


_KEPT: Final = ("by_whatsapp", "without_mail")


class SetPreferences:
    """Raises Invalid."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor, command: SetPreferencesCommand) -> Preferences:
        actor.require(Permission.SIGNED_IN)
        async with self._new_unit() as unit:
            known = await unit.preferences.of(actor.user_id)
            told = msgspec.structs.asdict(command)
            kept = {name: getattr(known, name) for name in _KEPT if told[name] is None}
            wanted = Preferences(user_id=actor.user_id, **{**told, **kept})
            await unit.preferences.save(wanted)
            await unit.commit()
        return wanted


class UnsubscribeLinks:
    """Paths that end messages of one kind for one person: signed, so that they need no session and no row."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def path(self, user_id: UserId, group: Group) -> str:
        return f"/unsubscribe/{user_id}/{group}/{self._mac(user_id, group)}"

    def allows(self, user_id: UserId, group: Group, mac: str) -> bool:
        return hmac.compare_digest(self._mac(user_id, group), mac)

    def _mac(self, user_id: UserId, group: Group) -> str:
        return derived_token(self._secret, "unsubscribe", f"{user_id}:{group}")[:32]


class Unsubscribe:
    """By the link alone; doing it twice changes nothing. Raises NotFound."""

    def __init__(self, new_unit: NewUnit, links: UnsubscribeLinks) -> None:
        self._new_unit, self._links = new_unit, links

    async def __call__(self, user_id: UUID, kind: str, mac: str) -> Group:
        group = self.check(user_id, kind, mac)
        async with self._new_unit() as unit:
            known = await unit.preferences.of(UserId(user_id))
            await unit.preferences.save(msgspec.structs.replace(known, muted=known.muted | {group}))
            await unit.commit()
        return group

    def check(self, user_id: UUID, kind: str, mac: str) -> Group:
        """Raises NotFound for a link that was not made here."""
        group = next((group for group in MUTABLE if group == kind), None)
        if group is None or not self._links.allows(UserId(user_id), group, mac):
            raise NotFound("there is no such link")
        return group
