"""After the first proof: in, or on to the second. Every way of signing in ends here. (ID-10)"""

from datetime import datetime

import msgspec

from application.identity.authenticate import WrongDoor
from application.identity.open_session import Admitted, OpenSession
from application.identity.second_factor import factors_of
from domain.identity.challenge import Challenge, ChallengePurpose
from domain.identity.permission import Audience
from domain.identity.security_policy import SECURITY_POLICY, read_security
from domain.identity.session import Factor
from domain.identity.user import User
from ports.clock import Clock
from ports.unit_of_work import NewUnit


class SecondFactorNeeded(msgspec.Struct, frozen=True, kw_only=True):
    """``challenge`` is told once and stands for the proof given so far. ``enroll``: there is no second factor yet and
    the school asks for one, so setting it up comes first.
    """

    challenge: str
    factors: tuple[Factor, ...]
    enroll: bool
    expires_at: datetime


class Admit:
    """Raises WrongDoor for somebody who has no role behind this entrance."""

    def __init__(self, new_unit: NewUnit, clock: Clock, audience: Audience, open_session: OpenSession) -> None:
        self._new_unit, self._clock, self._audience, self._open_session = new_unit, clock, audience, open_session

    async def __call__(self, user: User, proof: Factor, *, device: str = "") -> Admitted | SecondFactorNeeded:
        if user.role_at(self._audience) is None:
            raise WrongDoor("this account belongs to the other entrance")
        now = self._clock.now()
        async with self._new_unit() as unit:
            factors = await factors_of(unit, user.id)
            policy = read_security(await unit.policies.current(SECURITY_POLICY, now))
            enroll = not factors and policy.asks(user.roles, self._audience)
            if factors or enroll:
                challenge, token = Challenge.begin(
                    ChallengePurpose.SECOND_FACTOR,
                    audience=self._audience,
                    user_id=user.id,
                    at=now,
                    proofs=(proof,),
                    enroll=enroll,
                )
                await unit.challenges.add(challenge)
                await unit.commit()
                return SecondFactorNeeded(
                    challenge=token, factors=factors, enroll=enroll, expires_at=challenge.expires_at
                )
        return await self._open_session(user, factors=(proof,), device=device)
