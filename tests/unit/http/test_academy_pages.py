"""The schools of an installation, as its owner runs them on pages. (ADM-10)"""

from typing import Any

from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.web.admin.academies import AdminAcademiesController
from application.identity.academies import ChangeAcademy, CreateAcademy, ListAcademies
from application.identity.invite import EnsureAccount
from domain.identity.academy import Academy
from domain.identity.permission import Audience, Role
from fakes.academies import MemoryAcademyQueries
from fakes.http import StandingClock, an_app, bearer, provided, token_of
from fakes.ids import SequentialIds
from fakes.unit import MemoryStore, MemoryUnit
from ports.academy import FIRST_ACADEMY

LAHORE = {
    "name": "Lahore branch",
    "owner_email": "a@lahore.example",
    "main_hosts": "lahore.example.org\r\n\r\nwww.lahore.example.org",
    "admin_hosts": "office.lahore.example.org",
}


class Installation:
    def __init__(self) -> None:
        self.store = MemoryStore()

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    def made(self) -> list[Academy]:
        return [academy for academy in self.store.shelf("academies").values() if academy.id != FIRST_ACADEMY]

    def open(self, role: Role = Role.OWNER) -> TestClient[Litestar]:
        clock = StandingClock()
        ensure = EnsureAccount(self.unit, clock, SequentialIds(), "UTC")
        parts: dict[str, Any] = {
            "list_academies": ListAcademies(MemoryAcademyQueries(self.store)),
            "create_academy": CreateAcademy(self.unit, clock, SequentialIds(), ensure),
            "change_academy": ChangeAcademy(self.unit),
        }
        app = an_app(
            [AdminAcademiesController],
            audience=Audience.ADMIN,
            development=True,
            dependencies={name: provided(part) for name, part in parts.items()},
        )
        client = TestClient(app)
        client.headers.update(bearer(token_of(Audience.ADMIN, role)) | {"Accept": "text/html"})
        return client


def test_an_owner_founds_an_academy_with_its_hosts() -> None:
    installation = Installation()
    with installation.open() as client:
        assert "Found it" in client.get("/academies/new").text
        page = client.post("/academies/new", data=LAHORE).text

    [made] = installation.made()
    assert [host.name for host in made.hosts] == [
        "lahore.example.org",
        "www.lahore.example.org",
        "office.lahore.example.org",
    ]
    assert ("Lahore branch" in page, "office.lahore.example.org" in page) == (True, True)
    assert [act.action for act in installation.store.acts] == ["identity.create_academy", "identity.invite"]


def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost() -> None:
    installation = Installation()
    with installation.open() as client:
        host = client.post("/academies/new", data=LAHORE | {"main_hosts": "not a host"})
        name = client.post("/academies/new", data=LAHORE | {"name": " "})

    assert {host.status_code, name.status_code} == {422}
    assert ("a@lahore.example" in host.text, "not a host" in host.text, 'id="f-main_hosts-error"' in host.text) == (
        True,
        True,
        True,
    )
    assert 'id="f-name-error"' in name.text
    assert installation.made() == []


def test_a_host_moves_and_a_name_changes() -> None:
    installation = Installation()
    with installation.open() as client:
        client.post("/academies/new", data=LAHORE)
        [made] = installation.made()
        here = f"/academies/{made.id}"
        assert "www.lahore.example.org" in client.get(here).text

        client.post(here, data={"name": "Lahore", "main_hosts": "quran.lahore.example.org", "admin_hosts": ""})
        nowhere = client.get("/academies/01980000-0000-7000-8000-00000000dead")

    [changed] = installation.made()
    assert (changed.name, [host.name for host in changed.hosts]) == ("Lahore", ["quran.lahore.example.org"])
    assert installation.store.acts[-1].action == "identity.change_academy"
    assert nowhere.status_code == 404


def test_an_admin_who_owns_nothing_is_shown_no_academies() -> None:
    installation = Installation()
    with installation.open(Role.ADMIN) as client:
        answers = [client.get("/academies"), client.get("/academies/new"), client.post("/academies/new", data=LAHORE)]

    assert {answer.status_code for answer in answers} == {403}
    assert installation.made() == []
