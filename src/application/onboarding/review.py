"""The school looks at applications and decides. Each step is one line of the audit log. (ONB-04)"""

from application.onboarding.let_in import let_in
from application.onboarding.own_application import follow
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import ApplicationId
from domain.onboarding.application import Application
from domain.oversight.audit import Act
from ports.clock import Clock
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit


class ClaimApplication:
    """``over``: take it from a colleague. Raises NotPermitted, NotFound, AlreadyClaimed, ApplicationLocked."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, application_id: ApplicationId, *, over: bool = False) -> Application:
        actor.require(Permission.REVIEW_APPLICATIONS)
        async with self._new_unit() as unit:
            before = await unit.applications.get(application_id)
            application = before.claim(actor.user_id, at=self._clock.now(), over=over)
            await unit.applications.save(application)
            unit.note(_owner(actor, "onboarding.claim", before, application))
            await unit.commit()
        return application


class ReleaseApplication:
    """Raises NotPermitted, NotFound, ApplicationLocked."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, actor: Actor, application_id: ApplicationId) -> Application:
        actor.require(Permission.REVIEW_APPLICATIONS)
        async with self._new_unit() as unit:
            before = await unit.applications.get(application_id)
            application = before.release()
            await unit.applications.save(application)
            unit.note(_owner(actor, "onboarding.release", before, application))
            await unit.commit()
        return application


class ApproveApplication:
    """Raises NotPermitted (also for one's own), NotFound, IllegalTransition for one that is decided, StaleWrite."""

    def __init__(self, new_unit: NewUnit, clock: Clock, session_cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, session_cache

    async def __call__(self, actor: Actor, application_id: ApplicationId, note: str = "") -> Application:
        """``note`` is for the record alone."""
        actor.require(Permission.REVIEW_APPLICATIONS)
        now = self._clock.now()
        async with self._new_unit() as unit:
            before = await unit.applications.get(application_id)
            application = before.approve(by=actor.user_id, at=now)
            await unit.applications.save(application)
            await unit.applications.keep(application.handed_in())
            await let_in(unit, application, self._clock)
            unit.record(application.approved(at=now))
            unit.note(_decision(actor, "onboarding.approve", before, application, note))
            await unit.commit()
        await self._cache.forget(application.user_id)
        return application


class RejectApplication:
    """The applicant reads the reason. Raises what ApproveApplication raises, and Invalid without a reason."""

    def __init__(self, new_unit: NewUnit, clock: Clock, session_cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, session_cache

    async def __call__(self, actor: Actor, application_id: ApplicationId, reason: str) -> Application:
        actor.require(Permission.REVIEW_APPLICATIONS)
        now = self._clock.now()
        async with self._new_unit() as unit:
            before = await unit.applications.get(application_id)
            application = before.reject(by=actor.user_id, reason=reason, at=now)
            await unit.applications.save(application)
            await unit.applications.keep(application.handed_in())
            await follow(unit, application, self._clock)
            unit.record(application.rejected(at=now))
            unit.note(_decision(actor, "onboarding.reject", before, application, application.reason))
            await unit.commit()
        await self._cache.forget(application.user_id)
        return application


def _owner(actor: Actor, action: str, before: Application, after: Application) -> Act:
    return Act(
        actor=actor,
        action=action,
        subject=("application", str(after.id)),
        before={"owner_id": str(before.owner_id or "")},
        after={"owner_id": str(after.owner_id or "")},
    )


def _decision(actor: Actor, action: str, before: Application, after: Application, reason: str) -> Act:
    return Act(
        actor=actor,
        action=action,
        subject=("application", str(after.id)),
        before={"status": before.status.value},
        after={"status": after.status.value, "role": after.role.value, "edition": after.edition},
        reason=reason.strip(),
    )
