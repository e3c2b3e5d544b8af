"""What follows from a change of who somebody is or what he may do."""

from collections.abc import Mapping
from typing import Final

from application.identity.erase_person import DROP_FILES
from application.identity.request_reset import ANSWER_RESET
from application.identity.tighten import END_WEAK_SESSIONS
from domain.events import Event
from domain.identity.events import AccessChanged, PasswordResetAsked, PersonErased
from domain.ids import EventId
from domain.oversight.events import SettingsChanged
from ports.identity.session_cache import SessionCache

FORGET_SESSIONS: Final = "identity.forget_sessions"

SUBSCRIPTIONS: Final[Mapping[str, tuple[type[Event], ...]]] = {
    FORGET_SESSIONS: (AccessChanged,),
    ANSWER_RESET: (PasswordResetAsked,),
    DROP_FILES: (PersonErased,),
    END_WEAK_SESSIONS: (SettingsChanged,),
}


class ForgetSessions:
    """The change has told the cache already, right after its commit; this is for the one that did not get so far."""

    def __init__(self, cache: SessionCache) -> None:
        self._cache = cache

    async def __call__(self, event_id: EventId, event: Event) -> None:
        del event_id
        if isinstance(event, AccessChanged):
            await self._cache.forget(event.user_id)
