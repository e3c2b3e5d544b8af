"""From a token to the person behind it, on every request. (ID-05, ID-07)"""

from domain.errors import NotPermitted
from domain.identity.permission import Audience
from domain.identity.session import audience_of, hash_token
from ports.clock import Clock
from ports.identity.queries import SessionQueries, SignedIn


class WrongDoor(NotPermitted):
    """A good session perhaps, but one of the other entrance."""

    code = "wrong_audience"


class Authenticate:
    """Raises WrongDoor for a token of the other entrance, good or not. None for one that is not known here."""

    def __init__(self, audience: Audience, sessions: SessionQueries, clock: Clock) -> None:
        self._audience, self._sessions, self._clock = audience, sessions, clock

    async def __call__(self, token: str) -> SignedIn | None:
        made_for = audience_of(token)
        if made_for is None:
            return None
        if made_for is not self._audience:
            raise WrongDoor("this session belongs to the other entrance")
        person = await self._sessions.find(hash_token(token), now=self._clock.now())
        return person if person is not None and person.audience is self._audience else None
