"""What Qaris and visitors can do with a calendar, on fakes. (DISC-01, DISC-02, DISC-05, L10N-05)"""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from application.scheduling.change_calendar import ChangeCalendar
from application.scheduling.free_slots import FreeSlots, FreeSlotsQuery
from application.scheduling.search_qaris import SearchQaris
from application.scheduling.see_calendar import SeeCalendar
from application.scheduling.set_learner_gender import SetLearnerGender
from application.scheduling.set_limits import SetLimits
from application.scheduling.set_offers import SetOffers
from application.scheduling.set_override import SetOverride, SetOverrideCommand
from application.scheduling.set_weekly_rules import SetWeeklyRules
from application.scheduling.take_time_off import AddTimeOff, AddTimeOffCommand, RemoveTimeOff
from domain.errors import Invalid, NotFound, NotPermitted
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.ids import BookingId, UserId
from domain.money import Money
from domain.scheduling.calendar import Limits, OverlappingRanges, WallRange
from domain.scheduling.qari import Gender, LessonOffer, NotOffered
from domain.time import TimeSlot, UnknownZone
from fakes.clock import FixedClock
from fakes.directory import MemoryDirectory, MemorySchool
from fakes.ids import SequentialIds
from fakes.scheduling import QARI, a_calendar, a_qari, weekly
from ports.scheduling.queries import QariFilters

# A Wednesday; noon UTC is 17:00 in Karachi.
NOON = datetime(2026, 7, 15, 12, tzinfo=UTC)
LESSON = BookingId(UUID(int=5))
THE_QARI = Actor(user_id=QARI, role=Role.QARI, audience=Audience.MAIN)
STUDENT = Actor(user_id=UserId(UUID(int=9)), role=Role.STUDENT, audience=Audience.MAIN)


@pytest.fixture
def school() -> MemorySchool:
    school = MemorySchool()
    school.add(a_qari(), a_calendar())
    return school


@pytest.fixture
def directory(school: MemorySchool) -> MemoryDirectory:
    return MemoryDirectory(school)


@pytest.fixture
def change(school: MemorySchool, directory: MemoryDirectory) -> ChangeCalendar:
    return ChangeCalendar(school.new_unit, FixedClock(NOON), directory)


@pytest.fixture
def free_slots(directory: MemoryDirectory) -> FreeSlots:
    return FreeSlots(directory, FixedClock(NOON))


def karachi(clock: str, day: int = 16) -> datetime:
    hours, minutes = clock.split(":")
    return datetime(2026, 7, day, int(hours), int(minutes), tzinfo=UTC) - timedelta(hours=5)


async def first_start(free_slots: FreeSlots) -> datetime | None:
    found = await free_slots(FreeSlotsQuery(qari_id=QARI, zone="UTC"))
    return found.slots[0].start if found.slots else None


async def test_a_new_week_is_what_visitors_see_at_once(change: ChangeCalendar, free_slots: FreeSlots) -> None:
    assert await first_start(free_slots) == karachi("09:00")

    await SetWeeklyRules(change)(THE_QARI, weekly(("20:00", "22:00")))

    assert await first_start(free_slots) == karachi("20:00", day=15)


async def test_a_week_that_overlaps_itself_changes_nothing(change: ChangeCalendar, school: MemorySchool) -> None:
    with pytest.raises(OverlappingRanges):
        await SetWeeklyRules(change)(THE_QARI, weekly(("09:00", "12:00"), ("11:00", "13:00")))

    assert school.calendars[QARI] == a_calendar()
    assert school.commits == 0


async def test_lessons_outside_the_new_hours_stay_and_are_reported(
    change: ChangeCalendar, school: MemorySchool
) -> None:
    school.book(QARI, LESSON, TimeSlot.lasting(karachi("09:00"), 30))
    school.book(QARI, BookingId(UUID(int=6)), TimeSlot.lasting(karachi("16:00"), 30))

    changed = await SetWeeklyRules(change)(THE_QARI, weekly(("12:00", "17:00")))

    assert [lesson.booking_id for lesson in changed.outside] == [LESSON]
    assert len(school.lessons[QARI]) == 2


async def test_an_override_beats_the_rule_and_can_be_taken_back(  # DISC-02
    change: ChangeCalendar, free_slots: FreeSlots
) -> None:
    override = SetOverride(change, FixedClock(NOON))

    await override(THE_QARI, SetOverrideCommand(day=date(2026, 7, 16), hours=[WallRange.of("21:00", "22:00")]))
    assert await first_start(free_slots) == karachi("21:00")

    await override(THE_QARI, SetOverrideCommand(day=date(2026, 7, 16), hours=None))
    assert await first_start(free_slots) == karachi("09:00")


async def test_a_date_that_is_over_is_not_changed_any_more(change: ChangeCalendar) -> None:
    with pytest.raises(Invalid, match="over"):
        await SetOverride(change, FixedClock(NOON))(THE_QARI, SetOverrideCommand(day=date(2026, 7, 14), hours=[]))


async def test_time_off_removes_slots_at_once_and_being_back_returns_them(  # DISC-02
    change: ChangeCalendar, free_slots: FreeSlots, school: MemorySchool
) -> None:
    school.book(QARI, LESSON, TimeSlot.lasting(karachi("10:00"), 30))
    add = AddTimeOff(change, FixedClock(NOON), SequentialIds())

    changed = await add(THE_QARI, AddTimeOffCommand(slot=TimeSlot(NOON, karachi("12:00")), note="Travelling"))
    assert await first_start(free_slots) == karachi("12:00")
    assert [lesson.booking_id for lesson in changed.outside] == [LESSON]

    await RemoveTimeOff(change)(THE_QARI, changed.calendar.time_off[0].id)
    assert await first_start(free_slots) == karachi("09:00")


@pytest.mark.parametrize(
    "slot",
    [
        TimeSlot(NOON - timedelta(days=1), NOON),
        TimeSlot(NOON, NOON + timedelta(days=367)),
        TimeSlot(NOON + timedelta(days=800), NOON + timedelta(days=801)),
    ],
)
async def test_time_off_is_near_and_not_over(change: ChangeCalendar, slot: TimeSlot) -> None:
    with pytest.raises(Invalid):
        await AddTimeOff(change, FixedClock(NOON), SequentialIds())(THE_QARI, AddTimeOffCommand(slot=slot))


async def test_limits_hold_from_now_on(change: ChangeCalendar, free_slots: FreeSlots) -> None:  # DISC-05
    await SetLimits(change)(THE_QARI, Limits(min_notice_min=24 * 60))

    assert await first_start(free_slots) == karachi("09:00", day=17)


async def test_only_a_qari_changes_hours_and_only_his_own(change: ChangeCalendar, school: MemorySchool) -> None:
    with pytest.raises(NotPermitted):
        await SetWeeklyRules(change)(STUDENT, [])
    with pytest.raises(NotPermitted):
        await SetOffers(school.new_unit)(STUDENT, [])
    another = Actor(user_id=UserId(UUID(int=8)), role=Role.QARI, audience=Audience.MAIN)
    with pytest.raises(NotFound):
        await SetWeeklyRules(change)(another, [])


async def test_without_offers_nobody_finds_the_qari(school: MemorySchool, directory: MemoryDirectory) -> None:
    search = SearchQaris(directory, FixedClock(NOON))
    assert len((await search(QariFilters())).items) == 1

    await SetOffers(school.new_unit)(THE_QARI, [])

    assert (await search(QariFilters())).items == []


async def test_offers_are_stored_in_order_of_length(school: MemorySchool) -> None:
    hour, half = LessonOffer(60, Money(2000, "GBP")), LessonOffer(30, Money(1100, "GBP"))

    profile = await SetOffers(school.new_unit)(THE_QARI, [hour, half])

    assert profile.offers == (half, hour)


async def test_a_qari_sees_his_own_calendar_and_lessons(school: MemorySchool, directory: MemoryDirectory) -> None:
    school.book(QARI, LESSON, TimeSlot.lasting(karachi("10:00"), 30))

    own = await SeeCalendar(school.new_unit, FixedClock(NOON), directory)(THE_QARI)

    assert (own.profile, own.calendar) == (a_qari(), a_calendar())
    assert [lesson.booking_id for lesson in own.lessons] == [LESSON]


async def test_the_viewers_zone_changes_only_labels(free_slots: FreeSlots) -> None:  # L10N-05
    london = await free_slots(FreeSlotsQuery(qari_id=QARI, zone="Europe/London"))
    auckland = await free_slots(FreeSlotsQuery(qari_id=QARI, zone="Pacific/Auckland"))

    assert london.slots == auckland.slots
    assert london.days[0].date == date(2026, 7, 16)
    assert [len(day.slots) for day in london.days[:2]] == [16, 16]
    # 09:00-17:00 in Karachi is 16:00-24:00 in Auckland.
    assert [len(day.slots) for day in auckland.days[:2]] == [16, 16]
    los_angeles = await free_slots(FreeSlotsQuery(qari_id=QARI, zone="America/Los_Angeles"))
    assert los_angeles.slots == london.slots
    assert [day.date for day in los_angeles.days[:2]] == [date(2026, 7, 15), date(2026, 7, 16)]


async def test_when_the_window_is_empty_the_next_free_slot_is_still_told(
    change: ChangeCalendar, free_slots: FreeSlots
) -> None:
    add = AddTimeOff(change, FixedClock(NOON), SequentialIds())
    await add(THE_QARI, AddTimeOffCommand(slot=TimeSlot(NOON, NOON + timedelta(days=20))))

    found = await free_slots(FreeSlotsQuery(qari_id=QARI, zone="UTC"))

    assert found.slots == []
    assert found.next_free == TimeSlot.lasting(karachi("09:00", day=5) + timedelta(days=31), 30)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        (FreeSlotsQuery(qari_id=QARI, zone="UTC", minutes=45), NotOffered),
        (FreeSlotsQuery(qari_id=QARI, zone="+05:00"), UnknownZone),
        (FreeSlotsQuery(qari_id=QARI, zone="UTC", start=NOON, end=NOON), Invalid),
        (FreeSlotsQuery(qari_id=QARI, zone="UTC", end=NOON + timedelta(days=63)), Invalid),
        (FreeSlotsQuery(qari_id=QARI, zone="UTC", start=datetime(9999, 12, 31, tzinfo=UTC)), Invalid),
        (FreeSlotsQuery(qari_id=QARI, zone="UTC", start=datetime(1, 1, 1, tzinfo=UTC)), Invalid),
        (FreeSlotsQuery(qari_id=UserId(UUID(int=1)), zone="UTC"), NotFound),
    ],
)
async def test_what_cannot_be_answered_is_refused(
    free_slots: FreeSlots, query: FreeSlotsQuery, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await free_slots(query)


async def test_a_learner_says_his_gender(school: MemorySchool) -> None:  # DISC-12
    await SetLearnerGender(school.new_unit)(STUDENT, Gender.FEMALE)

    assert await school.qaris.learner_gender(STUDENT.user_id) is Gender.FEMALE
    with pytest.raises(NotPermitted):
        await SetLearnerGender(school.new_unit)(THE_QARI, Gender.MALE)


@pytest.mark.parametrize("limit", [0, 101])
async def test_pages_have_a_sensible_size(directory: MemoryDirectory, limit: int) -> None:
    with pytest.raises(Invalid):
        await SearchQaris(directory, FixedClock(NOON))(QariFilters(limit=limit))
