"""Settings are versioned documents: every change has a reason, can be compared and put back."""

import msgspec
import pytest

from application.oversight.settings import (
    DOCUMENTS,
    ChangeSettings,
    ListSettings,
    RevertSettings,
    SeeSettings,
    SettingsHistory,
)
from domain.booking.policy import BOOKING_POLICY, BookingPolicy, CancellationTier
from domain.errors import Conflict, Invalid, NotFound, NotPermitted, StaleWrite
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.identity.user import User
from domain.oversight.branding import BRANDING, Branding, logo_type, mixed
from domain.oversight.differences import Change, differences
from fakes.clock import FixedClock
from fakes.identity import IdentityStore, MemoryPeople, a_user
from fakes.unit import MemoryStore, MemoryUnit


def acting(role: Role, user: User) -> Actor:
    return Actor(user_id=user.id, role=role, audience=Audience.ADMIN)


class Desk:
    def __init__(self) -> None:
        self.store, self.clock = MemoryStore(), FixedClock()
        self.boss = a_user(number=7, name="Amina Yusuf", roles=frozenset({Role.ADMIN}))
        people = IdentityStore()
        people.users[self.boss.id] = self.boss
        self.admin, self.support = acting(Role.ADMIN, self.boss), acting(Role.SUPPORT, self.boss)
        self.list = ListSettings(self._unit, self.clock)
        self.see = SeeSettings(self._unit, self.clock)
        self.history = SettingsHistory(self._unit, MemoryPeople(people))
        self.change = ChangeSettings(self._unit, self.clock)
        self.revert = RevertSettings(self._unit, self.clock)

    def _unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)


async def test_a_change_is_the_next_version_with_its_reason_and_an_act() -> None:
    # ADM-05, ADM-06
    desk = Desk()

    made = await desk.change(desk.admin, BOOKING_POLICY, BookingPolicy(hold_min=20), based_on=0, reason="slow banks")

    assert (made.version, (await desk.see(desk.support, BOOKING_POLICY)).value) == (1, BookingPolicy(hold_min=20))
    [act] = desk.store.acts
    assert (act.action, act.subject, act.reason) == ("oversight.change_settings", ("settings", "booking"), "slow banks")
    assert (act.before, act.after) == ({"version": 0, "hold_min": 15}, {"version": 1, "hold_min": 20})


async def test_history_says_who_changed_what_and_why() -> None:
    # ADM-06
    desk = Desk()
    await desk.change(desk.admin, BOOKING_POLICY, BookingPolicy(hold_min=20), based_on=0, reason="slow banks")
    desk.clock.advance(hours=1)
    await desk.change(desk.admin, BOOKING_POLICY, BookingPolicy(hold_min=25), based_on=1, reason="slower banks")

    page = await desk.history(desk.support, BOOKING_POLICY, limit=1)
    older = await desk.history(desk.support, BOOKING_POLICY, limit=1, cursor=page.next_cursor)

    assert [(step.version, step.by_name, step.reason) for step in [*page.items, *older.items]] == [
        (2, "Amina Yusuf", "slower banks"),
        (1, "Amina Yusuf", "slow banks"),
    ]
    assert page.items[0].changes == (Change(path="hold_min", before=20, after=25),)
    assert older.items[0].changes == (Change(path="hold_min", before=15, after=20),)
    assert older.next_cursor is None


async def test_putting_an_older_version_back_adds_a_version() -> None:
    # ADM-06
    desk = Desk()
    await desk.change(desk.admin, BOOKING_POLICY, BookingPolicy(hold_min=20), based_on=0, reason="try it")

    back = await desk.revert(desk.admin, BOOKING_POLICY, 0, based_on=1, reason="it did not help")

    assert (back.version, back.value) == (2, BookingPolicy())
    assert [act.reason for act in desk.store.acts] == ["try it", "it did not help"]


async def test_the_second_of_two_editors_is_told() -> None:
    desk = Desk()
    await desk.change(desk.admin, BOOKING_POLICY, BookingPolicy(hold_min=20), based_on=0, reason="first")

    with pytest.raises(StaleWrite):
        await desk.change(desk.admin, BOOKING_POLICY, BookingPolicy(hold_min=30), based_on=0, reason="second")


async def test_what_changes_nothing_or_says_no_reason_is_refused() -> None:
    desk = Desk()

    with pytest.raises(Conflict):
        await desk.change(desk.admin, BOOKING_POLICY, BookingPolicy(), based_on=0, reason="why not")
    with pytest.raises(Invalid, match="say why"):
        await desk.change(desk.admin, BOOKING_POLICY, BookingPolicy(hold_min=20), based_on=0, reason=" ")
    assert not desk.store.acts


@pytest.mark.parametrize(
    ("given", "field"),
    [({"hold_min": "soon"}, "hold_min"), ({"hold_mins": 5}, "hold_mins"), ({"cancellation": []}, "cancellation")],
)
async def test_nonsense_is_refused_by_name(given: dict[str, object], field: str) -> None:
    desk = Desk()

    with pytest.raises(Invalid) as refused:
        await desk.change(desk.admin, BOOKING_POLICY, given, based_on=0, reason="test")

    assert refused.value.details["field"] == field


async def test_support_sees_and_cannot_change() -> None:
    # ADM-06
    desk = Desk()

    assert [edition.kind for edition in await desk.list(desk.support)] == list(DOCUMENTS)
    with pytest.raises(NotPermitted):
        await desk.change(desk.support, BOOKING_POLICY, BookingPolicy(hold_min=20), based_on=0, reason="mine")
    with pytest.raises(NotPermitted):
        await desk.revert(desk.support, BOOKING_POLICY, 0, based_on=0, reason="mine")


async def test_unknown_kinds_and_versions_are_not_found() -> None:
    desk = Desk()

    with pytest.raises(NotFound):
        await desk.see(desk.admin, "weather")
    with pytest.raises(NotFound):
        await desk.see(desk.admin, BOOKING_POLICY, 9)


def test_every_document_has_defaults_that_fit_its_own_rules() -> None:
    for kind, struct in DOCUMENTS.items():
        assert msgspec.json.decode(msgspec.json.encode(struct()), type=struct) == struct(), kind


def test_differences_name_the_row_of_a_table_and_show_a_list_of_words_whole() -> None:
    one = BookingPolicy()
    other = BookingPolicy(cancellation=(CancellationTier(24 * 60, 100), CancellationTier(0, 0)))

    assert differences(one, other) == (
        Change(path="cancellation.2.notice_min", before=240, after=0),
        Change(path="cancellation.2.refund_percent", before=50, after=0),
        Change(path="cancellation.3", before={"notice_min": 0, "refund_percent": 0}, after=None),
    )
    assert differences({"a": ["x"]}, {"a": ["x", "y"]}) == (Change(path="a", before=["x"], after=["x", "y"]),)


@pytest.mark.parametrize("color", ["red", "#12345", "#ffffff", "#8fbf9f"])
def test_a_color_that_cannot_be_read_on_paper_is_refused(color: str) -> None:
    with pytest.raises(Invalid):
        Branding(color=color)


async def test_a_school_takes_a_name_and_a_color() -> None:
    desk = Desk()

    made = await desk.change(
        desk.admin, BRANDING, {"name": "دار القرآن", "color": "#14532d"}, based_on=0, reason="our own"
    )

    assert made.value == Branding(name="دار القرآن", color="#14532d")
    assert mixed("#000000", "#ffffff", 0.5) == "#808080"


def test_a_logo_is_known_by_its_first_bytes() -> None:
    assert logo_type(b"\x89PNG\r\n\x1a\n...") == "image/png"
    for content in (b"<svg onload=alert(1)>", b"GIF89a", b"\x89PNG\r\n\x1a\n" + bytes(200_001)):
        with pytest.raises(Invalid):
            logo_type(content)
