"""Handing an application in, and taking it back before it is decided. (ONB-01)"""

from application.onboarding.let_in import let_in
from application.onboarding.own_application import (
    OwnApplication,
    applying_role,
    described,
    follow,
    lacking,
    policy_of,
)
from domain.errors import NotFound
from domain.identity.actor import Actor
from domain.oversight.audit import Act
from ports.clock import Clock
from ports.identity.session_cache import SessionCache
from ports.unit_of_work import NewUnit


class SubmitApplication:
    """Where the rules do not ask for a person's eyes, a complete application is approved at once.

    Raises NotPermitted, NotFound, Incomplete, Invalid, IllegalTransition, StaleWrite.
    """

    def __init__(self, new_unit: NewUnit, clock: Clock, session_cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, session_cache

    async def __call__(self, actor: Actor) -> OwnApplication:
        role, now = applying_role(actor), self._clock.now()
        async with self._new_unit() as unit:
            application = await unit.applications.of(actor.user_id, role)
            if application is None:
                raise NotFound("there is no application yet")
            policy = await policy_of(unit, self._clock)
            documents = tuple(await unit.documents.of(application.id))
            (await unit.users.get(actor.user_id)).require_told(application.form.birth_date)
            application = application.submit(lacking=lacking(application, documents, policy), at=now)
            await unit.applications.save(application)
            if policy.reviewed(role):
                unit.record(application.submitted(at=now))
                await follow(unit, application, self._clock)
            else:
                application = application.approve(by=None, at=now)
                await unit.applications.save(application)
                unit.record(application.approved(at=now))
                unit.note(
                    Act(
                        actor=None,
                        action="onboarding.approve",
                        subject=("application", str(application.id)),
                        before={"status": "submitted"},
                        after={"status": "approved"},
                        reason="complete, and the rules ask for no review",
                    )
                )
                await let_in(unit, application, self._clock)
            await unit.applications.keep(application.handed_in([document.id for document in documents]))
            shown = await described(unit, application, self._clock)
            await unit.commit()
        await self._cache.forget(actor.user_id)
        return shown


class TakeBack:
    """To change something while nobody has decided yet. Raises NotPermitted, NotFound, IllegalTransition."""

    def __init__(self, new_unit: NewUnit, clock: Clock, session_cache: SessionCache) -> None:
        self._new_unit, self._clock, self._cache = new_unit, clock, session_cache

    async def __call__(self, actor: Actor) -> OwnApplication:
        role, now = applying_role(actor), self._clock.now()
        async with self._new_unit() as unit:
            application = await unit.applications.of(actor.user_id, role)
            if application is None:
                raise NotFound("there is no application yet")
            application = application.take_back(at=now)
            await unit.applications.save(application)
            await unit.applications.keep(application.handed_in())
            await follow(unit, application, self._clock)
            shown = await described(unit, application, self._clock)
            await unit.commit()
        await self._cache.forget(actor.user_id)
        return shown
