"""The language that an account's pages and mails speak. (L10N-01)"""

from typing import Final

from domain.errors import Invalid
from domain.identity.actor import Actor
from domain.identity.events import AccessChanged
from domain.identity.permission import Permission
from ports.clock import Clock
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit

LANGUAGES: Final = frozenset({"en", "ar", "ur"})


class ChooseLanguage:
    """Choosing the same one again changes nothing. Raises NotPermitted, Invalid, StaleWrite."""

    def __init__(self, new_unit: NewUnit, clock: Clock, cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, cache

    async def __call__(self, actor: Actor, locale: str) -> None:
        actor.require(Permission.SIGNED_IN)
        if locale not in LANGUAGES:
            raise Invalid("there are no pages in this language", field="locale")
        async with self._new_unit() as unit:
            user = await unit.users.get(actor.user_id)
            if user.locale == locale:
                return
            await unit.users.save(user.with_locale(locale))
            unit.record(AccessChanged(user_id=user.id, at=self._clock.now()))
            await unit.commit()
        await self._cache.forget(user.id)
