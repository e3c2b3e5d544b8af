"""Copies of data, erasure, looking through somebody's eyes, people of another system."""

import io
import json
import zipfile
from datetime import timedelta

import msgspec
import pytest

from application.identity.block_account import Erased, UnblockAccount
from application.identity.erase_person import CallOffErasure, EraseDue, OwnsTheSchool, ScheduleErasure
from application.identity.export_person import BuildExports, FetchExport, RequestExport
from application.identity.impersonate import AskImpersonation, EnterImpersonation, LeaveImpersonation, NoteRunOut
from application.identity.open_session import OpenSession
from application.identity.retention import ApplyRetention
from application.identity.sign_out import SignOut
from application.identity.sync_external_user import ExternalChange, Kind, NotLinked, Outcome, SyncExternalUser
from domain.booking.policy import PolicyRow
from domain.errors import Conflict, Gone, Invalid, NotFound, NotPermitted
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.identity.privacy import GRACE, ErasureUnderWay, OpenBusiness
from domain.identity.retention import RETENTION_POLICY, DataClass, RetentionPolicy
from domain.identity.session import Ending, Factor, LinkExpired, LinkUsed
from domain.identity.user import AccountStatus, EmailTaken, User
from domain.ids import ExportId
from fakes.clock import FixedClock
from fakes.idempotency import MemoryIdempotency
from fakes.identity import MemorySessionCache, a_user
from fakes.ids import SequentialIds
from fakes.unit import MemoryStore, MemoryUnit
from ports.identity.privacy import Ties

WHY = "asked for in a letter"


class School:
    def __init__(self, clock: FixedClock) -> None:
        self.clock, self.store, self.cache, new_id = clock, MemoryStore(), MemorySessionCache(), SequentialIds()
        units = self.unit
        self.request_export = RequestExport(units, clock, new_id)
        self.build_exports = BuildExports(units, clock)
        self.fetch_export = FetchExport(units, clock)
        self.schedule = ScheduleErasure(units, clock, new_id)
        self.call_off = CallOffErasure(units, clock)
        self.erase_due = EraseDue(units, clock, self.cache)
        self.unblock = UnblockAccount(units, clock, self.cache)
        self.ask = AskImpersonation(units, clock)
        self.enter = EnterImpersonation(units, clock, OpenSession(units, clock, new_id, Audience.MAIN))
        self.leave = LeaveImpersonation(units, clock, self.cache)
        self.sign_out = SignOut(units, clock, self.cache)
        self.note_run_out = NoteRunOut(units, clock, self.cache)
        self.sync = SyncExternalUser(units, clock, new_id, self.cache, "Asia/Karachi")
        self.retention = ApplyRetention(units, clock, MemoryIdempotency())
        self.admin, self.student = self.add(1, Role.ADMIN), self.add(2, Role.STUDENT)
        self.staff = Actor(user_id=self.admin.id, role=Role.ADMIN, audience=Audience.ADMIN)
        self.me = Actor(user_id=self.student.id, role=Role.STUDENT, audience=Audience.MAIN)

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    def add(self, number: int, role: Role) -> User:
        user = a_user(number=number, roles=frozenset({role}), email_verified_at=self.clock.now())
        self.store.shelf("users")[user.id] = user
        return user

    def user(self, user: User) -> User:
        found: User = self.store.shelf("users")[user.id]
        return found

    def by_email(self, email: str) -> User:
        found: User = next(user for user in self.store.shelf("users").values() if user.email == email)
        return found

    @property
    def actions(self) -> list[str]:
        return [act.action for act in self.store.acts]


@pytest.fixture
def school(clock: FixedClock) -> School:
    return School(clock)


async def _export_id(school: School) -> ExportId:
    async with school.unit() as unit:
        found = await unit.exports.latest_of(school.student.id)
    assert found is not None
    return found.id


async def test_a_copy_is_put_together_and_fetched_once_by_its_owner_alone(school: School) -> None:
    # ID-20
    await school.request_export(school.me)
    await school.request_export(school.me)
    export_id = await _export_id(school)
    with pytest.raises(NotFound):
        await school.fetch_export(school.me, export_id)

    assert await school.build_exports() == 1
    assert await school.build_exports() == 0

    with pytest.raises(NotFound):
        await school.fetch_export(school.staff, export_id)
    archive = zipfile.ZipFile(io.BytesIO(await school.fetch_export(school.me, export_id)))
    assert archive.namelist() == ["contents.json", "users.json"]
    assert json.loads(archive.read("users.json"))[0]["email"] == school.student.email
    with pytest.raises(Gone):
        await school.fetch_export(school.me, export_id)
    assert school.actions == ["identity.request_export", "identity.fetch_export"]


async def test_a_copy_that_nobody_fetches_loses_its_content(school: School) -> None:
    # ID-20, OPS-19
    await school.request_export(school.staff, school.student.id)
    await school.build_exports()
    export_id = await _export_id(school)
    school.clock.advance(timedelta(days=7))

    with pytest.raises(Gone):
        await school.fetch_export(school.me, export_id)
    await school.retention()

    assert school.store.shelf("exports")[export_id].archive is None


async def test_nobody_has_a_copy_made_of_somebody_else(school: School) -> None:
    with pytest.raises(NotPermitted):
        await school.request_export(school.me, school.admin.id)


async def test_an_erasure_waits_and_can_be_called_off(school: School) -> None:
    # ID-20
    await school.schedule(school.me, school.student.id, WHY)
    with pytest.raises(ErasureUnderWay):
        await school.schedule(school.me, school.student.id, WHY)
    school.clock.advance(GRACE - timedelta(seconds=1))
    assert await school.erase_due() == 0

    await school.call_off(school.me, school.student.id)
    school.clock.advance(timedelta(days=1))

    assert await school.erase_due() == 0
    assert school.user(school.student) == school.student
    with pytest.raises(Conflict):
        await school.call_off(school.me, school.student.id)


async def test_an_erased_person_leads_to_nobody_and_does_not_come_back(school: School) -> None:
    # ID-20
    await school.schedule(school.me, school.student.id, WHY)
    school.clock.advance(GRACE)

    assert await school.erase_due() == 1
    assert await school.erase_due() == 0

    erased = school.user(school.student)
    assert (erased.name, erased.email, erased.status) == ("(erased)", "", AccountStatus.BLOCKED)
    assert school.cache.forgotten == [school.student.id]
    assert school.actions == ["identity.schedule_erasure", "identity.erase"]
    with pytest.raises(Erased):
        await school.unblock(school.staff, school.student.id, WHY)


async def test_nobody_is_erased_while_money_or_lessons_are_under_way(school: School) -> None:
    # ID-20
    school.store.shelf("ties")[school.student.id] = Ties(lessons=2)
    with pytest.raises(OpenBusiness) as refused:
        await school.schedule(school.me, school.student.id, WHY)
    assert refused.value.details == {"ties": {"lessons": 2}}

    school.store.shelf("ties").clear()
    await school.schedule(school.me, school.student.id, WHY)
    school.store.shelf("ties")[school.student.id] = Ties(refunds=1)
    school.clock.advance(GRACE)
    assert await school.erase_due() == 0
    school.store.shelf("ties").clear()
    school.clock.advance(timedelta(days=1))
    assert await school.erase_due() == 1


async def test_an_owner_hands_the_school_over_first(school: School) -> None:
    owner = school.add(5, Role.OWNER)
    actor = Actor(user_id=owner.id, role=Role.OWNER, audience=Audience.ADMIN)
    with pytest.raises(OwnsTheSchool):
        await school.schedule(actor, owner.id, WHY)


async def test_looking_through_somebodys_eyes_is_short_and_written_down(school: School) -> None:
    # ID-20
    token = await school.ask(school.staff, school.student.id, WHY)

    admitted = await school.enter(token, device="Firefox")

    session = school.store.shelf("sessions")[admitted.session_id]
    assert (session.user_id, session.impersonator) == (school.student.id, school.admin.id)
    assert session.factors == (Factor.STAFF,)
    assert session.expires_at - school.clock.now() == timedelta(minutes=20)
    assert admitted.refresh_token is None
    with pytest.raises(LinkUsed):
        await school.enter(token)
    looking = msgspec.structs.replace(school.me, impersonator=school.admin.id)
    await school.leave(looking, admitted.session_id)
    assert school.store.shelf("sessions")[admitted.session_id].ended_because is Ending.SIGNED_OUT
    assert school.actions == [
        "identity.impersonate",
        "identity.impersonation_begins",
        "identity.impersonation_ends",
    ]
    assert [act.actor and act.actor.user_id for act in school.store.acts[:2]] == [school.admin.id] * 2
    with pytest.raises(NotPermitted):
        await school.leave(school.me, admitted.session_id)


async def test_the_end_of_looking_is_written_down_however_it_comes(school: School) -> None:
    # ID-20
    out = await school.enter(await school.ask(school.staff, school.student.id, WHY))
    await school.sign_out(out.session_id)
    await school.sign_out(out.session_id)
    assert school.actions.count("identity.impersonation_ends") == 1

    forgotten = await school.enter(await school.ask(school.staff, school.student.id, WHY))
    assert await school.note_run_out() == 0
    school.clock.advance(timedelta(minutes=20))
    assert await school.note_run_out() == 1
    assert await school.note_run_out() == 0
    session = school.store.shelf("sessions")[forgotten.session_id]
    assert (session.ended_because, session.ended_at) == (Ending.RAN_OUT, session.expires_at)
    ended = [act for act in school.store.acts if act.action == "identity.impersonation_ends"]
    assert [act.actor and act.actor.impersonator for act in ended] == [school.admin.id] * 2
    assert [act.after for act in ended] == [{"because": "signed_out"}, {"because": "ran_out"}]


async def test_whose_eyes_nobody_looks_through(school: School) -> None:
    # ID-20
    other = school.add(4, Role.FINANCE)
    for actor, whose in ((school.staff, other), (school.staff, school.admin), (school.me, school.student)):
        with pytest.raises(NotPermitted):
            await school.ask(actor, whose.id, WHY)


async def test_the_way_over_closes_when_the_member_of_staff_is_demoted_or_slow(school: School) -> None:
    # ID-09, ID-20
    slow = await school.ask(school.staff, school.student.id, WHY)
    school.clock.advance(timedelta(minutes=2))
    with pytest.raises(LinkExpired):
        await school.enter(slow)
    token = await school.ask(school.staff, school.student.id, WHY)
    demoted, _ = school.admin.with_roles(frozenset({Role.FINANCE}), at=school.clock.now())
    school.store.shelf("users")[school.admin.id] = demoted
    with pytest.raises(LinkUsed):
        await school.enter(token)


def told(school: School, kind: Kind, number: int, **given: object) -> ExternalChange:
    fields: dict[str, object] = {
        "event_id": f"evt_{number}",
        "kind": kind,
        "at": school.clock.now() + timedelta(seconds=number),
        "subject": "u_1",
        "email": "new@example.org",
        "email_verified": True,
        "name": "Amina Begum",
    }
    return msgspec.convert(fields | given, ExternalChange)


async def test_another_system_makes_changes_and_shuts_out_one_person(school: School) -> None:
    # ID-13
    created = told(school, Kind.CREATED, 1)
    assert [await school.sync(created) for _ in range(2)] == [Outcome.DONE, Outcome.DUPLICATE]
    user = school.by_email("new@example.org")
    assert (user.name, user.zone, user.roles) == ("Amina Begum", "Asia/Karachi", frozenset({Role.STUDENT}))

    await school.sync(told(school, Kind.UPDATED, 3, name="Amina Khan", email="newer@example.org"))
    late = await school.sync(told(school, Kind.UPDATED, 2, name="Amina of old"))

    assert late is Outcome.LATE
    assert (school.user(user).name, school.user(user).email) == ("Amina Khan", "newer@example.org")
    await school.sync(told(school, Kind.DELETED, 4))
    assert school.user(user).status is AccountStatus.BLOCKED
    assert len(school.store.shelf("users")) == 3


async def test_another_system_gets_no_hold_of_accounts_that_are_not_surely_its_own(school: School) -> None:
    # ID-03, ID-13
    taken = school.student.email
    with pytest.raises(NotLinked):
        await school.sync(told(school, Kind.CREATED, 1, email=taken, email_verified=False))
    with pytest.raises(NotLinked):
        await school.sync(told(school, Kind.CREATED, 2, email=school.admin.email))
    await school.sync(told(school, Kind.CREATED, 3, subject="u_2"))
    with pytest.raises(EmailTaken):
        await school.sync(told(school, Kind.UPDATED, 4, subject="u_2", email=taken))
    assert school.user(school.student) == school.student

    await school.sync(told(school, Kind.CREATED, 5, email=taken, name=""))

    assert school.user(school.student).name == school.student.name


async def test_every_class_of_data_has_a_time_of_its_own(school: School) -> None:
    # OPS-19
    policy = RetentionPolicy(messages=10, join_clicks=3)
    row = PolicyRow(
        kind=RETENTION_POLICY,
        version=1,
        body=msgspec.json.encode(policy).decode(),
        effective_from=school.clock.now(),
        created_by=None,
    )
    async with school.unit() as unit:
        await unit.policies.add(row)
        await unit.commit()

    await school.retention()

    elsewhere = {DataClass.SESSIONS, DataClass.ANSWERS}
    expected = {k: school.clock.now() - timedelta(days=policy.days(k)) for k in DataClass if k not in elsewhere}
    assert school.store.shelf("retention") == expected
    for days in (0, 3651):
        with pytest.raises(Invalid):
            RetentionPolicy(messages=days)
