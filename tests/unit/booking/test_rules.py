"""The rules of a match, one by one, on the ways to a lesson. (DISC-12, SAFE-01…03, ONB-09)"""

from datetime import date, timedelta
from uuid import UUID

import msgspec
import pytest

from application.booking.answer_request import ApproveRequest
from application.booking.book_for_others import BookForOthers, BookForOthersCommand
from application.booking.cancel_booking import CancelBookingCommand
from application.booking.hold_series import HoldSeries, SeriesCommand
from application.booking.hold_slot import HoldSlotCommand
from application.booking.record_outcome import RecordOutcome, RecordOutcomeCommand
from application.booking.reschedule_booking import RescheduleBooking, RescheduleCommand
from application.identity.guardians import EndGuardianship
from application.onboarding.consents import AcceptConsent, AcceptConsentCommand, SeeConsents
from application.onboarding.let_in import let_in
from application.scheduling.set_learner_gender import SetLearnerGender
from domain.booking.booking import Booking, Status
from domain.booking.events import PaidTooLate
from domain.booking.rules import NoGuardianToAttend, NotWished, SameGender, SameGenderOnly
from domain.errors import Conflict, Invalid, NotFound, NotPermitted
from domain.identity.actor import Actor
from domain.identity.guardianship import GuardianNeeded, GuardianshipStatus, Right
from domain.identity.permission import Role
from domain.ids import ApplicationId, BookingId, ProposalId, SeriesId, UserId
from domain.onboarding.application import Application
from domain.onboarding.clearance import NotCleared
from domain.onboarding.consent import ConsentKind, ConsentNeeded
from domain.scheduling.meeting import Click
from domain.scheduling.qari import BookingMode, Gender
from fakes.clock import NOON
from fakes.guardians import CHILD, GUARDIAN, a_clearance, a_guardianship
from fakes.onboarding import a_learner_form
from fakes.scheduling import QARI
from fakes.unit import MemoryStore
from support.family import CHILD_ITSELF, PARENT, TEN_YEARS_AGO, Family
from support.lessons import ADMIN, OTHER_STUDENT, START, STUDENT, SUPPORT, TEACHER
from support.units import memory_units


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
async def family(store: MemoryStore) -> Family:
    return await Family(memory_units(store)).settle()


async def for_child(family: Family, actor: Actor = PARENT, hours: int = 0) -> Booking:
    return await family.hold(actor, START + timedelta(hours=hours), learner_id=CHILD)


def by_staff(reason: str = "") -> BookForOthersCommand:
    hold = HoldSlotCommand(booking_id=BookingId(UUID(int=77)), qari_id=QARI, starts_at=START, minutes=30)
    return BookForOthersCommand(learner_id=CHILD, hold=hold, override_reason=reason)


def let_clearance_expire(store: MemoryStore) -> None:
    store.shelf("clearances")[a_clearance().id] = a_clearance(expires_on=NOON.date() - timedelta(days=1))


# SAFE-01
async def test_a_guardian_books_for_the_child_and_pays(family: Family) -> None:
    booking = await for_child(family)

    assert (booking.learner_id, booking.payer_id, booking.status) == (CHILD, GUARDIAN, Status.HELD)


async def test_a_minor_does_not_book_by_himself(family: Family) -> None:  # SAFE-01
    with pytest.raises(GuardianNeeded):
        await family.hold(CHILD_ITSELF)


async def test_nobody_books_for_a_child_that_is_not_his(family: Family) -> None:  # SAFE-01
    with pytest.raises(NotFound):
        await for_child(family, STUDENT)


async def test_a_guardian_without_the_right_does_not_book_and_without_purse_does_not_pay(store: MemoryStore) -> None:
    aunt = UserId(UUID(int=0xA))
    family = await Family(memory_units(store)).settle()
    rights = frozenset({Right.SEE, Right.BOOK})
    store.shelf("guardianships")[UUID(int=5)] = a_guardianship(
        number=2, guardian_id=aunt, of_record=False, rights=rights
    )

    booking = await for_child(family, msgspec.structs.replace(PARENT, user_id=aunt))

    assert booking.payer_id == GUARDIAN
    store.shelf("guardianships")[UUID(int=5)] = a_guardianship(
        number=2, guardian_id=aunt, of_record=False, rights=frozenset({Right.SEE})
    )
    with pytest.raises(NotPermitted):
        await for_child(family, msgspec.structs.replace(PARENT, user_id=aunt), hours=2)


async def test_a_revoked_guardian_loses_all_at_once(family: Family, store: MemoryStore) -> None:  # SAFE-04
    booking = await family.confirmed(PARENT, learner_id=CHILD)
    each = a_guardianship()
    store.shelf("guardianships")[each.id] = msgspec.structs.replace(each, status=GuardianshipStatus.REVOKED)

    with pytest.raises(NotFound):
        await family.cancel(PARENT, CancelBookingCommand(booking_id=booking.id))
    with pytest.raises(NotFound):
        await for_child(family, hours=3)


async def test_a_guardian_moves_and_cancels_and_the_child_does_not(family: Family) -> None:
    booking = await family.confirmed(PARENT, learner_id=CHILD)
    move = RescheduleBooking(family.new_unit, family.clock)
    command = RescheduleCommand(
        booking_id=booking.id, proposal_id=ProposalId(UUID(int=5)), to=START + timedelta(hours=5)
    )

    with pytest.raises(GuardianNeeded):
        await move(CHILD_ITSELF, command)
    moved = await move(PARENT, command)
    cancelled = await family.cancel(PARENT, CancelBookingCommand(booking_id=booking.id))

    assert moved.moved[0].slot.start == START + timedelta(hours=5)
    assert cancelled[0].status is Status.CANCELLED


# SAFE-02
async def test_past_its_expiry_a_clearance_lets_nothing_new_with_a_minor_happen(
    family: Family, store: MemoryStore
) -> None:
    lesson = await family.confirmed(PARENT, learner_id=CHILD)
    qari = store.shelf("qaris")[QARI]
    store.shelf("qaris")[QARI] = msgspec.structs.replace(qari, booking_mode=BookingMode.REQUEST)
    asked = await for_child(family, hours=4)
    store.shelf("qaris")[QARI] = qari
    held = await for_child(family, hours=6)
    let_clearance_expire(store)
    series = SeriesCommand(
        series_id=SeriesId(UUID(int=3)),
        qari_id=QARI,
        first_date=START.date(),
        wall=(START + timedelta(hours=9)).time(),
        minutes=30,
        count=3,
        learner_id=CHILD,
    )

    with pytest.raises(NotCleared):
        await for_child(family, hours=8)
    with pytest.raises(NotCleared):
        await HoldSeries(family.new_unit, family.clock)(PARENT, series)
    with pytest.raises(NotCleared):
        await ApproveRequest(family.new_unit, family.clock)(TEACHER, asked.id)
    for actor in (PARENT, ADMIN):
        with pytest.raises(NotCleared):
            await RescheduleBooking(family.new_unit, family.clock)(
                actor,
                RescheduleCommand(
                    booking_id=lesson.id, proposal_id=ProposalId(UUID(int=5)), to=START + timedelta(hours=11)
                ),
            )
    with pytest.raises(NotCleared):
        await BookForOthers(family.new_unit, family.clock)(ADMIN, by_staff())
    await family.pay(held)
    assert (await family.get(held)).status is Status.HELD
    assert [type(news) for news in store.events if isinstance(news, PaidTooLate)] == [PaidTooLate]
    # grown up learners are not concerned
    assert (await family.hold(STUDENT, START + timedelta(hours=13))).status is Status.HELD


async def test_a_clearance_holds_on_its_last_day_and_not_on_the_next(family: Family, store: MemoryStore) -> None:
    today = NOON.date()
    store.shelf("clearances")[a_clearance().id] = a_clearance(expires_on=today)
    await for_child(family)

    family.clock.set(NOON + timedelta(days=1))

    with pytest.raises(NotCleared) as refused:
        await for_child(family, hours=2)
    assert refused.value.details["missing"] == ["background_check"]


# SAFE-03, DISC-12
async def test_what_a_guardian_insists_on_holds(family: Family) -> None:
    await family.wishes(qari_gender=Gender.FEMALE)
    with pytest.raises(NotWished):
        await for_child(family)

    await family.wishes(languages=("xx",))
    with pytest.raises(NotWished):
        await for_child(family)


@pytest.mark.parametrize(
    ("rule", "adults_too"), [(SameGender.OFF, False), (SameGender.MINORS, False), (SameGender.ALL, True)]
)
async def test_the_school_may_want_learner_and_qari_of_one_gender(
    family: Family, store: MemoryStore, rule: SameGender, adults_too: bool
) -> None:
    store.shelf("learner_genders")[CHILD] = Gender.FEMALE
    await family.rules(same_gender=rule)

    if rule is SameGender.OFF:
        assert (await for_child(family)).learner_id == CHILD
    else:
        with pytest.raises(SameGenderOnly):
            await for_child(family)
    if adults_too:
        with pytest.raises(SameGenderOnly) as refused:
            await family.hold(OTHER_STUDENT, START + timedelta(hours=3))
        assert refused.value.details["field"] == "gender"
    else:
        adult = await family.hold(OTHER_STUDENT, START + timedelta(hours=3))
        assert adult.learner_id == OTHER_STUDENT.user_id


async def test_a_school_that_wants_a_guardian_present_asks_for_one_who_may_come_in(store: MemoryStore) -> None:
    family = await Family(memory_units(store)).settle()
    await family.rules(guardian_present=True)
    lesson = await family.confirmed(PARENT, learner_id=CHILD)
    record = RecordOutcome(family.new_unit, family.clock)
    family.clock.set(lesson.slot.end)
    command = RecordOutcomeCommand(booking_id=lesson.id, outcome=Status.COMPLETED)

    with pytest.raises(Invalid):
        await record(TEACHER, command)
    async with family.new_unit() as unit:
        await unit.meetings.record_click(Click(booking_id=lesson.id, user_id=GUARDIAN, at=lesson.slot.start))
        await unit.commit()
    ended = await record(TEACHER, command)

    assert ended.guardian_present is True
    each = a_guardianship()
    store.shelf("guardianships")[each.id] = a_guardianship(of_record=True)
    store.shelf("guardianships")[each.id] = msgspec.structs.replace(
        each, of_record=False, rights=frozenset({Right.BOOK, Right.PAY})
    )
    family.clock.set(NOON)
    with pytest.raises((NoGuardianToAttend, GuardianNeeded)):
        await for_child(family, hours=8)


# DISC-12
async def test_staff_book_against_the_rules_with_a_reason_that_stays(family: Family, store: MemoryStore) -> None:
    await family.wishes(qari_gender=Gender.FEMALE)
    book = BookForOthers(family.new_unit, family.clock)

    with pytest.raises(NotWished):
        await book(ADMIN, by_staff())
    with pytest.raises(NotPermitted):
        await book(SUPPORT, by_staff("the mother agreed on the phone"))
    booking = await book(ADMIN, by_staff("the mother agreed on the phone"))

    assert (booking.override_reason, booking.payer_id) == ("the mother agreed on the phone", GUARDIAN)
    act = store.acts[-1]
    assert (act.action, act.reason) == ("booking.override_rules", "the mother agreed on the phone")
    assert act.after["against"] == ["qari_not_wished"]


async def test_no_reason_stands_in_for_a_guardian_of_record(family: Family, store: MemoryStore) -> None:  # SAFE-01
    store.shelf("guardianships").clear()

    with pytest.raises(GuardianNeeded):
        await BookForOthers(family.new_unit, family.clock)(ADMIN, by_staff("somebody will come"))


async def test_a_reason_without_a_broken_rule_overrides_nothing(family: Family) -> None:
    booking = await BookForOthers(family.new_unit, family.clock)(ADMIN, by_staff("just in case"))

    assert booking.override_reason == ""


# ONB-09
async def test_a_new_version_blocks_the_next_booking_until_it_is_accepted(family: Family) -> None:
    accept = AcceptConsent(family.new_unit, family.clock)
    await family.asks_for(ConsentKind.TERMS)
    await family.asks_for(ConsentKind.GUARDIAN)

    with pytest.raises(ConsentNeeded) as refused:
        await for_child(family)
    assert {each["kind"] for each in refused.value.details["documents"]} == {"terms", "guardian"}
    await accept(PARENT, AcceptConsentCommand(kind=ConsentKind.TERMS, version=1))
    await accept(PARENT, AcceptConsentCommand(kind=ConsentKind.GUARDIAN, version=1, child_id=CHILD))
    await for_child(family)

    await family.asks_for(ConsentKind.TERMS, "Be kinder.")
    with pytest.raises(ConsentNeeded):
        await for_child(family, hours=2)
    with pytest.raises(Conflict):
        await accept(PARENT, AcceptConsentCommand(kind=ConsentKind.TERMS, version=1))
    await accept(PARENT, AcceptConsentCommand(kind=ConsentKind.TERMS, version=2))
    await for_child(family, hours=2)
    seen = await SeeConsents(family.new_unit, family.clock)(PARENT)
    assert (list(seen.waiting), len(seen.given)) == ([], 2)


async def test_a_qari_accepts_no_request_before_the_code_of_conduct(
    family: Family, store: MemoryStore
) -> None:  # ONB-09
    qari = store.shelf("qaris")[QARI]
    store.shelf("qaris")[QARI] = msgspec.structs.replace(qari, booking_mode=BookingMode.REQUEST)
    await family.asks_for(ConsentKind.CONDUCT)
    accept = AcceptConsent(family.new_unit, family.clock)
    command = AcceptConsentCommand(kind=ConsentKind.CONDUCT, version=1)
    await accept(PARENT, command)
    booking = await for_child(family)

    with pytest.raises(ConsentNeeded):
        await ApproveRequest(family.new_unit, family.clock)(TEACHER, booking.id)
    await accept(TEACHER, command)

    assert (await ApproveRequest(family.new_unit, family.clock)(TEACHER, booking.id)).status is Status.HELD


# SAFE-01, DISC-12
async def test_a_child_does_not_tell_otherwise_what_the_guardian_has_told(family: Family) -> None:
    await family.wishes(qari_gender=Gender.FEMALE)
    form = a_learner_form(birth_date=TEN_YEARS_AGO, gender=Gender.FEMALE, qari_gender=None)
    application = Application(
        id=ApplicationId(UUID(int=8)),
        user_id=CHILD,
        role=Role.STUDENT,
        form=form,
        created_at=NOON,
        updated_at=NOON,
    )

    with pytest.raises(GuardianNeeded):
        await SetLearnerGender(family.new_unit)(CHILD_ITSELF, Gender.FEMALE)
    async with family.new_unit() as unit:
        await let_in(unit, application, family.clock)
        await unit.commit()

    async with family.new_unit() as unit:
        facts = await unit.learners.facts(CHILD)
    assert (facts.gender, facts.wish.qari_gender) == (Gender.MALE, Gender.FEMALE)


# DISC-12
async def test_staff_move_against_the_rules_with_a_reason_that_stays(family: Family, store: MemoryStore) -> None:
    booking = await family.confirmed(PARENT, learner_id=CHILD)
    let_clearance_expire(store)
    move = RescheduleBooking(family.new_unit, family.clock)

    def to(hours: int, reason: str = "") -> RescheduleCommand:
        moment = START + timedelta(hours=hours)
        return RescheduleCommand(
            booking_id=booking.id, proposal_id=ProposalId(UUID(int=5)), to=moment, override_reason=reason
        )

    with pytest.raises(NotCleared):
        await move(ADMIN, to(5))
    with pytest.raises(NotPermitted):
        await move(PARENT, to(5, "I know him"))
    with pytest.raises(Invalid):
        await move(ADMIN, to(5, "  "))
    moved = (await move(ADMIN, to(5, "the paper is on its way"))).moved[0]

    assert (moved.override_reason, store.acts[-1].action) == ("the paper is on its way", "booking.override_rules")
    assert (await move(ADMIN, to(6))).moved[0].override_reason == "the paper is on its way"
    assert store.acts[-1].action == "booking.move"


async def test_who_comes_of_age_books_for_himself_from_that_day_on(
    family: Family, store: MemoryStore
) -> None:  # SAFE-01
    child = store.shelf("users")[CHILD]
    birthday = date(NOON.year - 18, NOON.month, NOON.day)
    store.shelf("users")[CHILD] = msgspec.structs.replace(child, birth_date=birthday + timedelta(days=1))
    with pytest.raises(GuardianNeeded):
        await family.hold(CHILD_ITSELF)

    store.shelf("users")[CHILD] = msgspec.structs.replace(child, birth_date=birthday)

    assert (await family.hold(CHILD_ITSELF)).payer_id == CHILD
    with pytest.raises(NotPermitted):
        await for_child(family, hours=4)


async def test_staff_end_a_guardianship_only_while_a_guardian_of_record_is_left(family: Family) -> None:
    with pytest.raises(Conflict):
        await EndGuardianship(family.new_unit, family.clock)(ADMIN, a_guardianship().id, "moved away")
