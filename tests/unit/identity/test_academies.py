"""Academies are made and changed by the installation's owner, and found by their hosts. (ADM-10)"""

from uuid import UUID

import pytest
from litestar import get
from litestar.testing import TestClient

from adapters.academies import Academies
from adapters.http.app import create_app
from adapters.http.requests import Req, config_of
from application.identity.academies import ChangeAcademy, CreateAcademy, ListAcademies, NewAcademy
from application.identity.invite import EnsureAccount
from domain.errors import Invalid, NotFound, NotPermitted, StaleWrite
from domain.identity.academy import Academy, Host, HostTaken, academy_name, host_name
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Permission, Role
from domain.ids import AcademyId, UserId
from entrypoints.work import each_academy
from fakes.academies import MemoryAcademyQueries
from fakes.clock import FixedClock
from fakes.http import StandingClock, a_config
from fakes.ids import SequentialIds
from fakes.unit import MemoryStore, MemoryUnit
from ports.academy import FIRST_ACADEMY, current_academy, within

OWNER = Actor(user_id=UserId(UUID(int=1)), role=Role.OWNER, audience=Audience.ADMIN)
ADMIN = Actor(user_id=UserId(UUID(int=2)), role=Role.ADMIN, audience=Audience.ADMIN)
LAHORE = Host("lahore.example.org", Audience.MAIN)
OFFICE = Host("office.lahore.example.org", Audience.ADMIN)


class Ground:
    def __init__(self) -> None:
        self.store, clock, ids = MemoryStore(), FixedClock(), SequentialIds()
        self.queries = MemoryAcademyQueries(self.store)
        ensure = EnsureAccount(self.unit, clock, ids, "Asia/Karachi")
        self.create = CreateAcademy(self.unit, clock, ids, ensure)
        self.change, self.all = ChangeAcademy(self.unit), ListAcademies(self.queries)
        self.directory = Academies(
            self.queries, main_url="https://school.example", admin_url="https://office.example:8443", school_name="One"
        )

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    async def lahore(self, *hosts: Host) -> Academy:
        wanted = NewAcademy(name=" Lahore  branch", owner_email="a@lahore.example", hosts=hosts)
        return await self.create(OWNER, wanted)


async def test_an_academy_is_made_with_its_owner_invited_inside_it() -> None:
    ground = Ground()

    made = await ground.lahore(LAHORE, OFFICE)

    assert (made.name, made.hosts, made.version) == ("Lahore branch", (LAHORE, OFFICE), 1)
    [founded, invited] = ground.store.acts
    assert (founded.action, founded.subject) == ("identity.create_academy", ("academy", str(made.id)))
    assert founded.after["hosts"] == ["main:lahore.example.org", "admin:office.lahore.example.org"]
    assert (invited.action, invited.after) == ("identity.invite", {"roles": ["owner"]})


async def test_a_host_leads_to_one_academy() -> None:
    ground = Ground()
    await ground.lahore(LAHORE)

    with pytest.raises(HostTaken):
        await ground.create(OWNER, NewAcademy(name="Other", owner_email="b@example.org", hosts=(LAHORE,)))
    with pytest.raises(Invalid):
        await ground.create(OWNER, NewAcademy(name="Other", owner_email="b@example.org", hosts=(OFFICE, OFFICE)))


async def test_only_the_owner_of_the_first_academy_reaches_over_the_walls() -> None:
    ground = Ground()
    lahore = await ground.lahore()

    with pytest.raises(NotPermitted):
        await ground.create(ADMIN, NewAcademy(name="Other", owner_email="b@example.org"))
    assert [academy.id for academy in await ground.all(OWNER)] == [FIRST_ACADEMY, lahore.id]
    with within(lahore.id):
        assert [academy.id for academy in await ground.all(OWNER)] == [lahore.id]
        assert (await ground.change(OWNER, lahore.id, name="Lahore")).name == "Lahore"
        with pytest.raises(NotFound):
            await ground.change(OWNER, FIRST_ACADEMY, name="Mine")
        with pytest.raises(NotPermitted):
            await ground.change(OWNER, lahore.id, hosts=(LAHORE,))
        with pytest.raises(NotPermitted):
            await ground.create(OWNER, NewAcademy(name="Other", owner_email="b@example.org"))


async def test_a_change_leaves_what_differs_in_the_audit_log() -> None:
    ground = Ground()
    lahore = await ground.lahore()

    changed = await ground.change(OWNER, lahore.id, name="Lahore", hosts=(LAHORE,))

    assert (changed.version, changed.hosts) == (2, (LAHORE,))
    assert ground.store.acts[-1].before == {"name": "Lahore branch", "hosts": []}
    async with ground.unit() as unit:
        with pytest.raises(StaleWrite):
            await unit.academies.save(lahore.renamed("Too late").renamed("Too late").renamed("Too late"))


@pytest.mark.parametrize(("given", "name"), [("School.Example.ORG.", "school.example.org"), ("مدرسة.com", "xn--")])
def test_a_host_name_is_kept_as_browsers_send_it(given: str, name: str) -> None:
    assert host_name(given).startswith(name)


@pytest.mark.parametrize(
    "given", ["", "school", "a b.example", "school.example:80", "-a.example", "http://a.example", "a..b"]
)
def test_what_is_no_host_name(given: str) -> None:
    with pytest.raises(Invalid):
        host_name(given)


def test_an_academy_has_a_name() -> None:
    for given in ("", "  ", "x" * 121, "a\u0000b"):
        with pytest.raises(Invalid):
            academy_name(given)


async def test_links_lead_to_the_first_host_of_the_academy_at_hand() -> None:
    ground = Ground()
    lahore = await ground.lahore(LAHORE, OFFICE)
    await ground.directory.look()

    assert ground.directory.main_url() == "https://school.example"
    assert ground.directory.name() == "One"
    with within(lahore.id):
        assert ground.directory.main_url() == "https://lahore.example.org"
        assert ground.directory.url(Audience.ADMIN) == "https://office.lahore.example.org:8443"
        assert ground.directory.name() == "Lahore branch"


async def test_where_the_database_does_not_answer_there_is_the_first_academy() -> None:
    class Broken:
        async def all(self) -> list[Academy]:
            raise ConnectionError("gone")

    directory = Academies(Broken(), main_url="https://a.example", admin_url="https://b.example", school_name="One")

    assert await directory.academy_of("a.example", Audience.MAIN) is None
    assert await directory.ids() == [FIRST_ACADEMY]


@get("/where", needs=Permission.NOTHING, sync_to_thread=False)
def where(request: Req) -> dict[str, str]:
    return {
        "academy": str(current_academy()),
        "base": config_of(request).base_url,
        "of": config_of(request).school_name,
    }


async def test_a_request_is_inside_the_academy_that_its_host_leads_to() -> None:
    ground = Ground()
    lahore = await ground.lahore(LAHORE)
    app = create_app(
        config=a_config(base_url="https://school.example", school_name="One"),
        controllers=[where],
        dependencies={},
        authenticator=nobody,
        clock=StandingClock(),
        directory=ground.directory,
    )

    with TestClient(app) as client:
        there = client.get("/where", headers={"host": "lahore.example.org"}).json()
        here = client.get("/where", headers={"host": "school.example"}).json()
        nowhere = client.get("/where", headers={"host": "office.lahore.example.org"})

    assert there == {"academy": str(lahore.id), "base": "https://lahore.example.org", "of": "Lahore branch"}
    assert here == {"academy": str(FIRST_ACADEMY), "base": "https://school.example", "of": "One"}
    assert (nowhere.status_code, nowhere.json()["code"]) == (400, "unknown_host")


async def nobody(token: str) -> None:
    del token


async def test_a_job_runs_within_each_academy_and_one_failure_keeps_nobody_waiting() -> None:
    ground = Ground()
    lahore = await ground.lahore()
    seen: list[AcademyId] = []

    async def job() -> int:
        seen.append(current_academy())
        if current_academy() == FIRST_ACADEMY:
            raise RuntimeError("here it fails")
        return 3

    with pytest.raises(RuntimeError, match="here it fails"):
        await each_academy("expire_holds", lambda: job, ground.directory)()
    assert seen == [FIRST_ACADEMY, lahore.id]
    seen.clear()

    with pytest.raises(RuntimeError):
        await each_academy("relay_events", lambda: job, ground.directory)()
    assert seen == [FIRST_ACADEMY]
