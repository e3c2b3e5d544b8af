"""A further pair of tokens for a session that goes on. (ID-04)"""

from datetime import timedelta

from application.identity.authenticate import WrongDoor
from application.identity.open_session import Admitted
from domain.errors import NotFound
from domain.identity.events import AccessChanged
from domain.identity.permission import Audience
from domain.identity.session import Ending, SessionOver, TokenReplayed, audience_of, hash_token
from ports.clock import Clock
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit


class Refresh:
    """Raises WrongDoor; SessionOver for a token that is good for nothing; TokenReplayed for one that was used before,
    and then nothing of that session is good any more. ``grace``: see ``Session.renew``.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, cache: SessionCache, audience: Audience, secret: str) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, cache
        self._audience, self._secret = audience, secret

    async def __call__(self, refresh_token: str, *, grace: timedelta = timedelta()) -> Admitted:
        made_for = audience_of(refresh_token)
        if made_for is None:
            raise SessionOver("this session has ended; sign in again")
        if made_for is not self._audience:
            raise WrongDoor("this session belongs to the other entrance")
        now = self._clock.now()
        async with self._new_unit() as unit:
            try:
                session, token = await unit.sessions.by_token(hash_token(refresh_token))
                user = await unit.users.get(session.user_id)
            except NotFound:
                raise SessionOver("this session has ended; sign in again") from None
            if session.audience is not self._audience or session.role not in user.roles or not user.may_sign_in:
                raise SessionOver("this session has ended; sign in again")
            issued = None
            try:
                session, used, issued = session.renew(token, refresh_token, self._secret, at=now, grace=grace)
            except TokenReplayed:
                await unit.sessions.save(session.end(Ending.REPLAYED, at=now))
                unit.record(AccessChanged(user_id=user.id, at=now))
            else:
                await unit.sessions.save(session)
                await unit.sessions.rotate(used, issued.tokens)
            await unit.commit()
        if issued is None:
            await self._cache.forget(user.id)
            raise TokenReplayed("this session was used from two places; sign in again")
        return Admitted(
            token=issued.access,
            refresh_token=issued.refresh,
            session_id=session.id,
            user=user,
            role=session.role,
            expires_at=issued.expires_at,
            session_expires_at=session.expires_at,
        )
