"""People in the office: found, looked at, acted on with a reason; support sees and has no buttons."""

from collections.abc import Sequence
from datetime import date
from html import unescape
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.web.admin.people import AdminPeopleController
from adapters.http.web.admin.person_actions import ASKED, AdminPersonActionsController
from adapters.http.web.admin.person_family import AdminPersonFamilyController
from application.identity.block_account import BlockAccount, UnblockAccount
from application.identity.change_roles import ChangeRoles
from application.identity.correct_birth_date import CorrectBirthDate
from application.identity.erase_person import SeeErasure
from application.identity.guardians import EndGuardianship, LinkGuardian
from application.identity.invite import EnsureAccount, Invite
from application.notification.bounces import SeeDeadAddress
from application.notification.first_steps import SeeFirstSteps
from application.oversight.people import (
    NamePeople,
    SearchPeople,
    SeeChildrensLessons,
    SeePerson,
    SeePersonDevices,
    SeePersonLessons,
    SeePersonPayments,
    SeePersonTies,
)
from domain.identity.permission import Audience, Role
from domain.identity.user import AccountStatus, User
from domain.ids import UserId
from fakes.guardians import MemoryGuardianQueries
from fakes.http import NOON, StandingClock, an_app, bearer, provided, token_of
from fakes.identity import IdentityStore, MemoryPeople, a_user
from fakes.ids import SequentialIds
from fakes.notification import MemoryNotificationQueries
from fakes.screens import PreparedLessons, PreparedPayments, a_lesson, a_payment_view
from fakes.unit import MemoryStore, MemoryUnit
from ports.booking.queries import Side
from ports.notification.queries import Person, StepRow


class NoDevices:
    async def of(self, user_id: Any, *, now: Any) -> list[Any]:
        return []


class NotErased(SeeErasure):
    def __init__(self) -> None:
        """Needs nothing."""

    async def __call__(self, actor: Any, user_id: Any) -> None:
        return None


class TwoLetters(MemoryNotificationQueries):
    async def person(self, user_id: UserId) -> Person | None:
        return Person(user_id=user_id, name="", email="", zone="UTC", locale="en")

    async def steps_of(self, user_id: UserId) -> Sequence[StepRow]:
        return [
            StepRow(step="find_a_qari", at=NOON, status="sent"),
            StepRow(step="try_a_lesson", at=NOON, status="withdrawn"),
        ]


class Forgets:
    async def forget(self, user_id: Any) -> None:
        return None


class Office:
    def __init__(self) -> None:
        self.store, self.childrens = MemoryStore(), PreparedLessons()
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
            "see_person_ties": SeePersonTies(self.unit, MemoryGuardianQueries(self.store)),
            "see_childrens_lessons": SeeChildrensLessons(self.childrens, clock),
            "see_first_steps": SeeFirstSteps(TwoLetters()),
            "see_dead_address": SeeDeadAddress(self.unit),
            "link_guardian": LinkGuardian(self.unit, clock, SequentialIds(), Forgets()),
            "end_guardianship": EndGuardianship(self.unit, clock),
            "correct_birth_date": CorrectBirthDate(self.unit, clock),
            "see_erasure": NotErased(),
            "name_people": NamePeople(people),
            "block_account": BlockAccount(self.unit, clock, Forgets()),
            "unblock_account": UnblockAccount(self.unit, clock, Forgets()),
            "change_roles": ChangeRoles(self.unit, clock, Forgets()),
            "invite": Invite(self.unit, clock, ensure),
        }
        app = an_app(
            [AdminPeopleController, AdminPersonActionsController, AdminPersonFamilyController],
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
        pages = [client.get(here), client.get(f"{here}/lessons"), client.get(f"{here}/family")]
        search = client.get("/people")
        refused = [client.get(f"{here}/ask/{action}") for action in ASKED]
        refused += [client.get(f"{here}/{form}") for form in ("guardian", "birth-date")]
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


def test_the_letters_of_the_first_weeks_are_on_the_page() -> None:
    # ONB-06, NOTI-11
    office = Office()
    with office.open(Role.SUPPORT) as client:
        page = client.get(f"/people/{office.maryam.id}").text

    assert ("How to find a Qari" in page, "Not sent: no longer fitting" in page) == (True, True)


def test_a_guardian_is_linked_by_address_and_the_childrens_lessons_appear() -> None:
    # SAFE-01, ADM-05
    office = Office()
    child = office.add(a_user(number=53, name="Bilal Khan", email="", birth_date=date(2016, 5, 1)))
    office.childrens = PreparedLessons(a_lesson(learner=Side(id=child.id, name=child.name, zone="UTC")))
    with office.open() as client:
        here = f"/people/{child.id}"
        data = {"email": "nobody@example.org", "of_record": "on", "reason": "papers were seen"}
        unknown = client.post(f"{here}/guardian", data=data)
        mute = client.post(f"{here}/guardian", data=data | {"email": office.maryam.email, "reason": ""})
        client.post(f"{here}/guardian", data=data | {"email": office.maryam.email})
        family = client.get(f"{here}/family").text
        hers = unescape(client.get(f"/people/{office.maryam.id}/family").text)

    assert (unknown.status_code, "There is no account with this address" in unknown.text) == (422, True)
    assert (mute.status_code, office.maryam.email in mute.text) == (422, True)
    assert "Maryam Khan" in main_of(family)
    assert ("Bilal Khan" in hers, "Lessons of the children ahead" in hers) == (True, True)
    assert [(act.action, act.reason) for act in office.store.acts] == [("identity.link_guardian", "papers were seen")]


def test_a_guardianship_is_ended_with_a_reason_but_a_minor_keeps_one() -> None:
    # SAFE-01
    office = Office()
    child = office.add(a_user(number=53, name="Bilal Khan", email="", birth_date=date(2016, 5, 1)))
    with office.open() as client:
        here = f"/people/{child.id}"
        for guardian, of_record in ((office.maryam, "on"), (office.idris, "")):
            data = {"email": guardian.email, "of_record": of_record, "right-see": "on", "reason": "papers were seen"}
            client.post(f"{here}/guardian", data=data)
        bonds = {bond.guardian_id: bond for bond in office.store.shelf("guardianships").values()}
        last = f"{here}/guardians/{bonds[office.maryam.id].id}/end"
        other = f"{here}/guardians/{bonds[office.idris.id].id}/end"

        assert "End it for" in client.get(other).text
        kept = client.post(last, data={"reason": "moved away"})
        client.post(other, data={"reason": "moved away"})
        family = main_of(client.get(f"{here}/family").text)

    assert "keeps a guardian of record" in kept.text
    assert ("Maryam Khan" in family, "Idris Bello" in family) == (True, False)


def test_a_birth_date_is_corrected_with_a_reason() -> None:
    # SAFE-01, ADM-05
    office = Office()
    with office.open() as client:
        here = f"/people/{office.maryam.id}"
        wrong = client.post(f"{here}/birth-date", data={"birth_date": "1.5.2016", "reason": "passport seen"})
        ahead = client.post(f"{here}/birth-date", data={"birth_date": "2999-01-01", "reason": "passport seen"})
        mute = client.post(f"{here}/birth-date", data={"birth_date": "1990-05-01", "reason": ""})
        client.post(f"{here}/birth-date", data={"birth_date": "1990-05-01", "reason": "passport seen"})
        page = client.get(here).text

    assert {answer.status_code for answer in (wrong, ahead, mute)} == {422}
    assert office.user(office.maryam).birth_date == date(1990, 5, 1)
    assert "1 May 1990" in page
    [act] = office.store.acts
    assert (act.action, act.reason, "1990" in repr(act.after)) == (
        "identity.correct_birth_date",
        "passport seen",
        False,
    )


def test_who_answers_for_a_child_does_not_become_one() -> None:
    # SAFE-01
    office = Office()
    child = office.add(a_user(number=53, name="Bilal Khan", email="", birth_date=date(2016, 5, 1)))
    with office.open() as client:
        data = {"email": office.maryam.email, "of_record": "on", "reason": "papers were seen"}
        client.post(f"/people/{child.id}/guardian", data=data)
        data = {"birth_date": "2015-01-01", "reason": "a slip of the pen"}
        answer = client.post(f"/people/{office.maryam.id}/birth-date", data=data)

    assert (answer.status_code, "end that first" in answer.text) == (422, True)
    assert office.user(office.maryam).birth_date is None
