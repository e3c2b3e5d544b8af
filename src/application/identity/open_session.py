"""Letting somebody in who has shown who he is, by whatever means. (ID-04, ID-07)"""

from datetime import datetime

import msgspec

from application.identity.authenticate import WrongDoor
from domain.identity.permission import Audience, Role
from domain.identity.session import Factor, Session
from domain.identity.user import Onboarding, User
from domain.ids import SessionId, UserId
from ports.clock import Clock, NewId
from ports.unit_of_work import NewUnit, UnitOfWork


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """``token`` and ``refresh_token`` are told once and kept nowhere. ``expires_at``: of the token. A session that
    must not be prolonged has no refresh token.
    """

    token: str
    refresh_token: str | None
    session_id: SessionId
    user: User
    role: Role
    expires_at: datetime
    session_expires_at: datetime

    @property
    def onboarding(self) -> Onboarding:
        return self.user.onboarding_of(self.role)


class OpenSession:
    """Raises WrongDoor for somebody who has no role behind this entrance."""

    def __init__(self, new_unit: NewUnit, clock: Clock, new_id: NewId, audience: Audience) -> None:
        self._new_unit, self._clock, self._new_id, self._audience = new_unit, clock, new_id, audience

    async def __call__(
        self, user: User, *, factors: tuple[Factor, ...], device: str = "", role: Role | None = None
    ) -> Admitted:
        """``device``: from ``device_label``. ``role``: which hat; else the one that may do most."""
        async with self._new_unit() as unit:
            admitted = await self.inside(unit, user, factors=factors, device=device, role=role)
            await unit.commit()
        return admitted

    async def inside(
        self,
        unit: UnitOfWork,
        user: User,
        *,
        factors: tuple[Factor, ...],
        device: str = "",
        role: Role | None = None,
        impersonator: UserId | None = None,
    ) -> Admitted:
        """Together with what else this unit does; the caller commits. ``impersonator``: see ``Actor``."""
        role = role if role in user.roles else user.role_at(self._audience)
        if role is None or user.role_at(self._audience) is None:
            raise WrongDoor("this account belongs to the other entrance")
        session, issued = Session.open(
            SessionId(self._new_id()),
            user.id,
            audience=self._audience,
            role=role,
            at=self._clock.now(),
            device=device,
            factors=factors,
            impersonator=impersonator,
        )
        await unit.sessions.add(session, issued.tokens)
        return Admitted(
            token=issued.access,
            refresh_token=issued.refresh,
            session_id=session.id,
            user=user,
            role=role,
            expires_at=issued.expires_at,
            session_expires_at=session.expires_at,
        )
