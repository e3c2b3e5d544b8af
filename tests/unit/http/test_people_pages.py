"""People in the office: found, looked at, acted on with a reason; support sees and has no buttons."""

from html import unescape
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.web.admin.people import AdminPeopleController
from adapters.http.web.admin.person_actions import ASKED, AdminPersonActionsController
from application.identity.block_account import BlockAccount
from application.identity.change_roles import ChangeRoles
from application.identity.erase_person import SeeErasure
from application.identity.invite import EnsureAccount, Invite
from application.identity.unblock_account import UnblockAccount
from application.oversight.people import (
    NamePeople,
    SearchPeople,
    SeePerson,
    SeePersonDevices,
    SeePersonLessons,
    SeePersonPayments,
    SeePersonTies,
)
from domain.identity.permission import Audience, Role
from domain.identity.user import AccountStatus, User
from fakes.http import StandingClock, an_app, bearer, provided, token_of
from fakes.identity import IdentityStore, MemoryPeople, a_user
from fakes.ids import SequentialIds
from fakes.screens import PreparedLessons, PreparedPayments, a_lesson, a_payment_view
from fakes.unit import MemoryStore, MemoryUnit


class NoDevices:
    async def of(self, user_id: Any, *, now: Any) -> list[Any]:
        return []


class NotErased(SeeErasure):
    def __init__(self) -> None:
        """Needs nothing."""

    async def __call__(self, actor: Any, user_id: Any) -> None:
        return None


class NoFamily:
    async def wards(self, guardian_id: Any) -> list[Any]:
        return []

    async def guardians(self, child_id: Any) -> list[Any]:
        return []

    async def ward(self, guardian_id: Any, child_id: Any) -> None:
        return None

    async def children_seen_by(self, guardian_id: Any, right: Any) -> list[Any]:
        return []


class Forgets:
    async def forget(self, user_id: Any) -> None:
        return None


class Office:
    def __init__(self) -> None:
        self.store = MemoryStore()
        self.maryam = self.add(a_user(number=50))
        self.idris = self.add(a_user(number=51, name="Idris Bello"))
        self.owner = self.add(a_user(number=52, name="Hafsa Karim", roles=frozenset({Role.OWNER})))

    def add(self, user: User) -> User:
        self.store.shelf("users")[user.id] = user
        return user

    def user(self, user: User) -> User:
        found: User = self.store.shelf("users")[user.id]
        return found

    def unit(self) -> MemoryUnit:
        return MemoryUnit(self.store)

    def open(self, role: Role = Role.ADMIN) -> TestClient[Litestar]:
        clock, known = StandingClock(), IdentityStore()
        known.users = self.store.shelf("users")
        people = MemoryPeople(known)
        ensure = EnsureAccount(self.unit, clock, SequentialIds(), "UTC")
        parts: dict[str, Any] = {
            "search_people": SearchPeople(people),
            "see_person": SeePerson(self.unit),
            "see_person_devices": SeePersonDevices(NoDevices(), clock),
            "see_person_lessons": SeePersonLessons(PreparedLessons(a_lesson()), clock),
            "see_person_payments": SeePersonPayments(PreparedPayments(a_payment_view(payer_id=self.maryam.id))),
            "see_person_ties": SeePersonTies(self.unit, NoFamily()),
            "see_erasure": NotErased(),
            "name_people": NamePeople(people),
            "block_account": BlockAccount(self.unit, clock, Forgets()),
            "unblock_account": UnblockAccount(self.unit, clock, Forgets()),
            "change_roles": ChangeRoles(self.unit, clock, Forgets()),
            "invite": Invite(self.unit, clock, ensure),
        }
        app = an_app(
            [AdminPeopleController, AdminPersonActionsController],
            audience=Audience.ADMIN,
            development=True,  # an unknown name in a template is an error then
            dependencies={name: provided(part) for name, part in parts.items()},
        )
        client = TestClient(app)
        client.headers.update(bearer(token_of(Audience.ADMIN, role)) | {"Accept": "text/html"})
        return client


def main_of(page: str) -> str:
    return page.partition("<main")[2].partition("</main>")[0]


def test_people_are_found_by_name_role_and_state() -> None:
    # ADM-02
    office = Office()
    with office.open(Role.SUPPORT) as client:
        by_name = client.get("/people", params={"text": "idris"}).text
        by_role = client.get("/people", params={"role": "owner"}).text
        nobody = client.get("/people", params={"status": "blocked"}).text

    assert ("Idris Bello" in by_name, "Maryam Khan" in by_name) == (True, False)
    assert ("Hafsa Karim" in by_role, "Idris Bello" in by_role) == (True, False)
    assert "Nobody fits all of that" in nobody


def test_payments_are_two_clicks_from_the_search() -> None:
    # ADM-07
    office = Office()
    with office.open(Role.FINANCE) as client:
        here = f"/people/{office.maryam.id}"

        assert f'href="{here}"' in client.get("/people").text
        assert f'href="{here}/payments"' in unescape(client.get(here).text)
        assert "$9.00" in client.get(f"{here}/payments").text


def test_a_teaching_lead_is_not_shown_money() -> None:
    office = Office()
    with office.open(Role.TEACHING_LEAD) as client:
        here = f"/people/{office.maryam.id}"

        assert "/payments" not in main_of(unescape(client.get(here).text))
        assert client.get(f"{here}/payments").status_code == 403


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.FINANCE, Role.TEACHING_LEAD])
def test_who_may_not_change_people_is_offered_nothing_to_press(role: Role) -> None:
    office = Office()
    with office.open(role) as client:
        here = f"/people/{office.maryam.id}"
        pages = [client.get(here), client.get(f"{here}/lessons")]
        search = client.get("/people")
        refused = [client.get(f"{here}/ask/{action}") for action in ASKED]
        refused += [client.post(f"{here}/block", data={"reason": "I want to"})]

    for answer in pages:
        assert answer.status_code == 200
        assert "<form" not in main_of(answer.text)
    assert 'type="checkbox"' not in search.text
    assert {answer.status_code for answer in refused} == {403}
    assert office.user(office.maryam).status is AccountStatus.ACTIVE


def test_blocking_asks_why_first_and_is_written_down() -> None:
    # ID-11, ADM-05
    office = Office()
    with office.open() as client:
        here = f"/people/{office.maryam.id}"
        assert "Block Maryam Khan" in client.get(f"{here}/ask/block").text.replace("\u2068", "").replace("\u2069", "")

        client.post(f"{here}/block", data={"reason": ""})
        assert office.user(office.maryam).status is AccountStatus.ACTIVE

        client.post(f"{here}/block", data={"reason": "asked for by the family"})
        assert "Blocked" in client.get(here).text

    assert office.user(office.maryam).status is AccountStatus.BLOCKED
    assert [(act.action, act.reason) for act in office.store.acts] == [("identity.block", "asked for by the family")]


def test_several_are_blocked_at_once_and_who_is_refused_is_named() -> None:
    # ADM-02
    office = Office()
    ids = [str(person.id) for person in (office.maryam, office.idris, office.owner)]
    with office.open() as client:
        asked = client.get("/people/selected", params={"id": ids, "action": "block"}).text
        assert "Block 3 accounts" in asked

        data = {"id": ids, "action": "block", "reason": "end of term"}
        answer = client.post("/people/selected", data=data)

    assert "Done for 2 people" in answer.text
    assert "Hafsa Karim" in answer.text
    assert office.user(office.owner).status is AccountStatus.ACTIVE
    assert len(office.store.acts) == 2


def test_roles_are_changed_with_a_reason() -> None:
    # ID-09
    office = Office()
    with office.open() as client:
        data = {"role": ["guardian", "student"], "reason": "pays for her children"}
        client.post(f"/people/{office.maryam.id}/roles", data=data)

    assert office.user(office.maryam).roles == {Role.STUDENT, Role.GUARDIAN}


def test_somebody_is_invited_and_a_known_address_is_said_to_be_known() -> None:
    # ID-12
    office = Office()
    with office.open() as client:
        data = {"email": "new@example.org", "name": "Bilal", "role": ["student"], "reason": "came to the office"}
        made = client.post("/people/invite", data=data, follow_redirects=False)
        known = client.post("/people/invite", data=data | {"email": office.maryam.email})

    assert made.status_code == 303
    assert any(user.email == "new@example.org" for user in office.store.shelf("users").values())
    assert (known.status_code, office.maryam.email in known.text) == (409, True)
