"""What an approval brings about: a Qari with his calendar, a learner with his placement. (ONB-02, ONB-05, ONB-07)"""

import msgspec

from domain.booking.rules import MatchWish
from domain.errors import Invalid, NotFound
from domain.identity.events import AccessChanged
from domain.identity.permission import Role
from domain.onboarding.application import Application
from domain.onboarding.forms import LearnerForm, QariForm
from domain.onboarding.placement import placed
from domain.scheduling.qari import QariProfile
from ports.clock import Clock
from ports.unit_of_work import UnitOfWork


async def let_in(unit: UnitOfWork, application: Application, clock: Clock) -> None:
    """In the unit that approves. Raises NotFound, StaleWrite."""
    form, now = application.form, clock.now()
    user = await unit.users.get(application.user_id)
    await unit.users.save(user.admitted(application.role, name=form.name, zone=form.zone, birth_date=form.birth_date))
    unit.record(AccessChanged(user_id=user.id, at=now))
    if isinstance(form, QariForm):
        await _teacher(unit, application, form)
    elif application.role is Role.STUDENT:
        await unit.placements.save(placed(user.id, form, at=now))
        await _learner(unit, application, form)


async def _learner(unit: UnitOfWork, application: Application, form: LearnerForm) -> None:
    """Not over the head of a guardian: what he has told of his child, and insists on, stays. (SAFE-01, DISC-12)"""
    if any(each.is_active for each in await unit.guardianships.of_child(application.user_id)):
        return
    await unit.qaris.set_learner_gender(application.user_id, form.gender)
    languages = (form.language,) if form.language else ()
    await unit.learners.set_wish(application.user_id, MatchWish(qari_gender=form.qari_gender, languages=languages))


async def _teacher(unit: UnitOfWork, application: Application, form: QariForm) -> None:
    """His weekly hours become his calendar's rules, unchanged; prices are for him to set."""
    if form.gender is None:
        raise Invalid("some answers are missing", missing=["gender"], field="gender")
    profile = QariProfile(
        user_id=application.user_id,
        name=" ".join(form.name.split()),
        gender=form.gender,
        zone=form.zone,
        country=form.country,
        languages=form.languages,
        riwayat=form.riwayat,
        subjects=form.subjects,
        levels=form.levels,
        teaches_genders=form.teaches_genders,
        bio=form.bio,
        approved=True,
    )
    try:
        known = await unit.qaris.get(application.user_id)
    except NotFound:
        await unit.qaris.add(profile)
    else:
        await unit.qaris.save(
            msgspec.structs.replace(
                profile,
                booking_mode=known.booking_mode,
                request_holds_slot=known.request_holds_slot,
                offers=known.offers,
            )
        )
    calendar = await unit.availability.lock(application.user_id)
    await unit.availability.save(calendar.with_rules(form.rules))
