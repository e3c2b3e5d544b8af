"""A number at WhatsApp is its owner's, proven, agreed to, and given up whenever he likes. (NOTI-02)"""

from datetime import timedelta
from typing import Any

import pytest

from application.notification.hear_whatsapp import HearWhatsApp
from application.notification.whatsapp import (
    AskWhatsApp,
    AskWhatsAppCommand,
    ConfirmWhatsApp,
    SeeWhatsApp,
    StopWhatsApp,
)
from domain.errors import Invalid, NotFound, NotPermitted, TooMany
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.ids import UserId
from domain.notification.preference import Group
from domain.notification.whatsapp import Contact, Status, Way, WrongCode, asks_to_stop, e164
from fakes.clock import NOON, FixedClock
from fakes.identity import a_user
from fakes.notification import RecordingWakeup
from fakes.throttle import MemoryThrottle
from fakes.unit import MemoryStore, MemoryUnit
from fakes.whatsapp import MemoryLine, MemoryLines
from ports.academy import FIRST_ACADEMY
from ports.errors import GatewayRefused, GatewayUnavailable
from ports.notification.whatsapp import Heard, Said, Template

NUMBER = "+923001234567"
WORDING = "I agree."


class Writer:
    def write(self, notice: Any) -> Template | None:
        return Template(name=f"halaqa_{notice.topic}", lang=notice.to.locale)

    def code(self, code: str, lang: str) -> Template:
        return Template(name="code", lang=lang, body=(code,), button=code)

    def answer(self, lang: str, *, started: bool) -> str:
        return "started" if started else "stopped"


class School:
    def __init__(self, **user: Any) -> None:
        self.store, self.clock, self.line = MemoryStore(), FixedClock(NOON), MemoryLine()
        self.lines = MemoryLines(self.line)
        self.user = a_user(**user)
        self.store.shelf("users")[self.user.id] = self.user
        self.actor = Actor(user_id=self.user.id, role=Role.STUDENT, audience=Audience.MAIN)
        parts = (self.unit, self.clock)
        self.ask = AskWhatsApp(*parts, MemoryThrottle(self.clock), self.lines, Writer(), "secret")
        self.confirm = ConfirmWhatsApp(*parts, "secret")
        self.stop = StopWhatsApp(*parts)
        self.see = SeeWhatsApp(self.unit, self.lines, "secret")
        self.hear = HearWhatsApp(*parts, RecordingWakeup(), self.lines, self.academies, "secret")

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    async def academies(self) -> list[Any]:
        return [FIRST_ACADEMY]

    @property
    def contact(self) -> Contact:
        found: Contact = self.store.shelf("contacts")[self.user.id]
        return found

    @property
    def consents(self) -> list[tuple[bool, Way]]:
        return [(said.given, said.way) for said in self.store.shelf("whatsapp_consents").values()]

    async def asked(self, number: str = NUMBER) -> str:
        """The code that went there."""
        await self.ask(self.actor, AskWhatsAppCommand(number=number, wording=WORDING, agreed=True))
        return self.line.sent[-1][1].body[0]

    async def says(self, text: str, *, number: str = NUMBER, later_s: int = 0, ref: str = "wamid.in") -> int:
        at = self.clock.now() + timedelta(seconds=later_s)
        self.line.heard = Heard(said=(Said(ref=ref, number=number, text=text, at=at),))
        return await self.hear("school", b"{}", {})


async def test_a_number_is_proven_by_the_code_that_went_there_and_the_consent_is_kept() -> None:
    school = School()

    code = await school.asked("0092 300 123-4567")
    await school.confirm(school.actor, f" {code} ")

    assert school.line.sent[0][0] == NUMBER
    assert school.contact.is_active
    assert school.contact.consented_at == NOON
    [consent] = school.store.shelf("whatsapp_consents").values()
    assert (consent.given, consent.way, consent.wording, consent.number) == (True, Way.CODE, WORDING, NUMBER)
    assert school.store.shelf("preferences")[school.user.id].by_whatsapp == {Group.LESSONS, Group.REMINDERS}


async def test_a_wrong_code_proves_nothing_and_five_of_them_end_it() -> None:
    school = School()
    code = await school.asked()
    wrong = f"{(int(code) + 1) % 10**6:06d}"

    for _ in range(5):
        with pytest.raises(WrongCode):
            await school.confirm(school.actor, wrong)
    with pytest.raises(WrongCode):
        await school.confirm(school.actor, code)

    assert school.contact.status is Status.ASKED


async def test_an_old_code_proves_nothing() -> None:
    school = School()
    code = await school.asked()
    school.clock.advance(timedelta(minutes=10))

    with pytest.raises(WrongCode):
        await school.confirm(school.actor, code)


async def test_a_word_that_comes_from_the_number_proves_it_too() -> None:
    school = School()
    await school.asked()
    word = (await school.see(school.actor)).word

    await school.says(word.lower(), number="+15550001111")
    assert school.contact.status is Status.ASKED

    await school.says(f"Salam {word.lower()}")
    assert school.contact.is_active
    assert school.consents == [(True, Way.MESSAGE)]


async def test_the_word_on_the_page_is_not_the_code() -> None:
    school = School()
    code = await school.asked()

    assert code not in (await school.see(school.actor)).word


@pytest.mark.parametrize("text", ["STOP", " stop. ", "إيقاف", "ايقاف", "إِيقَاف!", "بند", "Unsubscribe"])
async def test_whoever_writes_stop_is_written_to_no_more(text: str) -> None:
    school = School()
    await school.confirm(school.actor, await school.asked())

    assert await school.says(text, later_s=1) == 1

    assert school.contact.status is Status.STOPPED
    assert school.consents[-1] == (False, Way.MESSAGE)
    assert await school.says(text, later_s=1) == 0  # told again
    assert len(school.consents) == 2


async def test_a_stop_that_is_told_late_does_not_undo_a_newer_yes() -> None:
    school = School()
    await school.confirm(school.actor, await school.asked())
    await school.says("STOP", later_s=1)
    late = school.line.heard
    school.clock.advance(timedelta(hours=2))
    await school.confirm(school.actor, await school.asked())

    school.line.heard = late
    await school.hear("school", b"{}", {})

    assert school.contact.is_active


async def test_start_takes_a_stop_back_but_opens_nothing_for_who_never_agreed() -> None:
    school = School()
    await school.asked()
    await school.stop(school.actor)
    await school.says("START", later_s=1)
    assert school.contact.status is Status.STOPPED

    school.clock.advance(timedelta(hours=2))
    await school.confirm(school.actor, await school.asked())
    await school.says("stop", later_s=1, ref="wamid.2")
    await school.says("start", later_s=2, ref="wamid.3")

    assert school.contact.is_active


async def test_talk_only_opens_the_window_for_an_answer() -> None:
    school = School()
    await school.confirm(school.actor, await school.asked())

    await school.says("please do not stop")

    assert school.contact.is_active
    assert school.contact.may_be_answered(NOON + timedelta(hours=23))
    assert not school.contact.may_be_answered(NOON + timedelta(hours=24))


async def test_another_number_ends_the_consent_for_the_first_one() -> None:
    school = School()
    await school.confirm(school.actor, await school.asked())

    await school.asked("+15550009999")

    assert school.consents == [(True, Way.CODE), (False, Way.REPLACED)]
    assert not school.contact.is_active


async def test_without_agreement_nothing_is_sent() -> None:
    school = School()

    with pytest.raises(Invalid):
        await school.ask(school.actor, AskWhatsAppCommand(number=NUMBER, wording=WORDING, agreed=False))

    assert school.line.sent == []


async def test_a_child_has_no_number_here() -> None:
    # NOTI-14, SAFE-06: its news goes to those who answer for it
    school = School(birth_date=NOON.date().replace(year=NOON.year - 12))

    with pytest.raises(NotPermitted):
        await school.asked()


async def test_nobody_agrees_in_somebody_elses_name() -> None:
    school = School()
    staff = Actor(
        user_id=school.user.id, role=Role.STUDENT, audience=Audience.MAIN, impersonator=UserId(school.store.new_id())
    )

    with pytest.raises(NotPermitted):
        await school.ask(staff, AskWhatsAppCommand(number=NUMBER, wording=WORDING, agreed=True))


async def test_nobody_makes_the_school_write_to_a_stranger_again_and_again() -> None:
    school = School()
    for _ in range(3):
        await school.asked()

    with pytest.raises(TooMany):
        await school.asked()


async def test_a_code_that_may_be_lost_is_said_to_be_late_and_a_refused_number_is_wrong() -> None:
    school = School()
    school.line.failing = [GatewayUnavailable("whatsapp", "no answer"), GatewayRefused("whatsapp", "no", "131026")]
    command = AskWhatsAppCommand(number=NUMBER, wording=WORDING, agreed=True)

    assert await school.ask(school.actor, command) is False
    with pytest.raises(Invalid):
        await school.ask(school.actor, command)


async def test_a_school_without_a_number_offers_none() -> None:
    school = School()
    school.lines.line = None

    assert not (await school.see(school.actor)).offered
    with pytest.raises(NotFound):
        await school.asked()


@pytest.mark.parametrize(
    ("told", "number"),
    [
        ("+92 300 1234567", NUMBER),
        ("0092-300-1234567", NUMBER),
        ("+٩٢٣٠٠١٢٣٤٥٦٧", NUMBER),
        ("+1 (555) 000.1111", "+15550001111"),
    ],
)
def test_numbers_as_people_write_them(told: str, number: str) -> None:
    assert e164(told) == number


@pytest.mark.parametrize("told", ["", "0300 1234567", "+0300123456", "+92", "+92300123456789012", "+92abc1234567"])
def test_a_number_without_its_country_is_none(told: str) -> None:
    with pytest.raises(Invalid):
        e164(told)


def test_a_sentence_with_the_word_in_it_is_no_wish_to_stop() -> None:
    assert not asks_to_stop("I cannot stop reading")
    assert not asks_to_stop("")
