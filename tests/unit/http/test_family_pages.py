"""A guardian's children and the texts that people agree to, as pages. (SAFE-01, ONB-09)"""

import re
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.web import consents, family
from adapters.system import new_id
from application.identity.children import AddChild, ChangeChild, GiveChildAddress
from application.identity.guardians import AcceptGuardianship, EndGuardianship, InviteGuardian, SetGuardianRights
from application.identity.see_family import SeeChild, SeeChildren
from application.onboarding.consents import AcceptConsent, SeeConsents
from domain.identity.guardianship import GuardianshipStatus, Right
from domain.identity.permission import Audience, Role
from domain.ids import UserId
from domain.onboarding.consent import CONSENT_POLICIES, ConsentKind, ConsentText
from fakes.clock import NOON, FixedClock
from fakes.guardians import CHILD, MemoryGuardianQueries, a_guardianship
from fakes.http import an_app, bearer, person, provided, token_of
from fakes.identity import MemorySessionCache, a_user
from fakes.unit import MemoryStore
from support.family import put_policy
from support.units import memory_units

ME = person(Audience.MAIN, Role.GUARDIAN).user_id
OTHER = UserId(UUID(int=0xBEEF))
HERE = "/portal/children"
GIRL = {"name": "Aisha Khan", "birth_date": "2016-05-01", "gender": "female", "zone": "Europe/London", "key": "1"}


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    store.shelf("users")[ME] = a_user(number=1, id=ME, name="Khadija Khan", roles=frozenset({Role.GUARDIAN}))
    store.shelf("users")[OTHER] = a_user(number=2, id=OTHER, name="Yusuf Khan", roles=frozenset({Role.GUARDIAN}))
    return store


@pytest.fixture
def client(store: MemoryStore) -> TestClient[Litestar]:
    new_unit, clock, queries = memory_units(store), FixedClock(NOON), MemoryGuardianQueries(store)
    parts: dict[str, Any] = {
        "see_children": SeeChildren(queries),
        "see_child": SeeChild(queries),
        "add_child": AddChild(new_unit, clock, new_id),
        "change_child": ChangeChild(new_unit),
        "give_child_address": GiveChildAddress,
        "invite_guardian": InviteGuardian,
        "accept_guardianship": AcceptGuardianship(new_unit, clock, MemorySessionCache()),
        "set_guardian_rights": SetGuardianRights(new_unit),
        "end_guardianship": EndGuardianship(new_unit, clock),
        "see_consents": SeeConsents(new_unit, clock),
        "accept_consent": AcceptConsent(new_unit, clock),
    }
    app = an_app(
        [*family.CONTROLLERS_MAIN, *consents.CONTROLLERS_MAIN],
        development=True,
        dependencies={name: provided(part) for name, part in parts.items()},
    )
    client = TestClient(app)
    client.follow_redirects = False
    client.headers.update({"Accept": "text/html"} | bearer(token_of(Audience.MAIN, Role.GUARDIAN)))
    return client


def answers_for(store: MemoryStore, **given: Any) -> str:
    """A child of somebody, and its guardianship's id."""
    store.shelf("users")[CHILD] = a_user(
        number=3, id=CHILD, name="Yahya Khan", email="", birth_date=NOON.date().replace(2016)
    )
    guardianship = a_guardianship(**({"guardian_id": ME} | given))
    store.shelf("guardianships")[guardianship.id] = guardianship
    return str(guardianship.id)


def test_without_children_the_page_says_how_they_come(client: TestClient[Litestar]) -> None:
    page = unescape(client.get(HERE).text)

    assert "No children yet" in page
    assert f'href="{HERE}/new"' in page


def test_a_child_is_added_once_however_often_the_form_is_sent(client: TestClient[Litestar], store: MemoryStore) -> None:
    answers = [client.post(f"{HERE}/new", data=GIRL) for _ in range(2)]
    page = client.get(HERE)

    assert [(a.status_code, a.headers["location"]) for a in answers] == [(303, HERE)] * 2
    assert page.text.count("Aisha Khan") >= 1
    assert [user.name for user in store.shelf("users").values()].count("Aisha Khan") == 1


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        ({"birth_date": ""}, "Write the date of birth."),
        ({"gender": ""}, "Say whether it is a girl or a boy."),
        ({"birth_date": "1990-01-01"}, "come of age"),
    ],
    ids=["no birthday", "no gender", "grown up"],
)
def test_a_slip_is_said_and_what_was_written_stays(
    client: TestClient[Litestar], slip: dict[str, str], said: str
) -> None:
    page = client.post(f"{HERE}/new", data=GIRL | slip)

    assert page.status_code == 422
    assert said in page.text
    assert 'value="Aisha Khan"' in page.text


def test_a_childs_page_is_for_those_who_answer_for_it(client: TestClient[Litestar], store: MemoryStore) -> None:
    # SAFE-06
    answers_for(store)
    mine = client.get(f"{HERE}/{CHILD}")
    store.shelf("guardianships").clear()
    answers_for(store, guardian_id=OTHER)
    theirs = client.get(f"{HERE}/{CHILD}")

    assert (mine.status_code, "Yahya Khan" in mine.text) == (200, True)
    assert (theirs.status_code, "Yahya" in theirs.text) == (404, False)


def test_booking_for_a_child_begins_at_that_child(client: TestClient[Litestar], store: MemoryStore) -> None:
    # DISC-12
    answers_for(store)

    assert f'href="/qaris?for={CHILD}"' in unescape(client.get(HERE).text)


def test_what_is_insisted_on_is_kept_for_the_child(client: TestClient[Litestar], store: MemoryStore) -> None:
    # DISC-12
    answers_for(store)
    form = {"name": "Yahya Khan", "gender": "male", "zone": "Asia/Dubai", "qari_gender": "male", "language": "ar"}

    saved = client.post(f"{HERE}/{CHILD}", data=form)
    page = client.get(f"{HERE}/{CHILD}").text

    assert (saved.status_code, saved.headers["location"]) == (303, f"{HERE}/{CHILD}")
    assert store.shelf("users")[CHILD].zone == "Asia/Dubai"
    assert re.search(r'<option value="ar" selected', page)


def test_whoever_is_asked_to_answer_for_a_child_accepts_with_one_press(
    client: TestClient[Litestar], store: MemoryStore
) -> None:
    asked = answers_for(store, status=GuardianshipStatus.PENDING, of_record=False, rights=frozenset({Right.SEE}))

    question = unescape(client.get(HERE).text)
    closed = client.get(f"{HERE}/{CHILD}").status_code
    accepted = client.post(f"{HERE}/guardianships/{asked}/accept")

    assert "Will you answer for Yahya Khan?" in question
    assert closed == 404
    assert (accepted.status_code, accepted.headers["location"]) == (303, HERE)
    assert {g.status for g in store.shelf("guardianships").values()} == {GuardianshipStatus.ACTIVE}


def test_nobody_accepts_or_ends_what_is_between_others(client: TestClient[Litestar], store: MemoryStore) -> None:
    asked = answers_for(store, guardian_id=OTHER, status=GuardianshipStatus.PENDING, of_record=False)

    for action in ("accept", "end"):
        client.post(f"{HERE}/guardianships/{asked}/{action}")

    assert {g.status for g in store.shelf("guardianships").values()} == {GuardianshipStatus.PENDING}


# what people agree to ----------------------------------------------------------------------------------------------


async def asks_for(store: MemoryStore, kind: ConsentKind, title: str, body: str) -> None:
    await put_policy(memory_units(store), CONSENT_POLICIES[kind], ConsentText(title=title, body=body))


def test_nothing_to_accept_says_when_there_will_be(client: TestClient[Litestar]) -> None:
    assert "Nothing to accept" in client.get("/portal/consents").text


async def test_what_waits_is_read_accepted_and_leads_back(client: TestClient[Litestar], store: MemoryStore) -> None:
    await asks_for(store, ConsentKind.TERMS, "Our terms", "Be kind.\nBe on time.")
    await asks_for(store, ConsentKind.GUARDIAN, "For guardians", "Stay near.")
    answers_for(store)
    back = "/portal/book?qari=1"

    page = unescape(client.get("/portal/consents", params={"next": back}).text)
    first = client.post("/portal/consents", data={"kind": "terms", "version": "1", "next": back})
    second = client.post(
        "/portal/consents", data={"kind": "guardian", "version": "1", "child": str(CHILD), "next": back}
    )

    assert "<p>Be kind.</p>" in page
    assert "As guardian of Yahya Khan" in page
    assert first.headers["location"].startswith("/portal/consents?next=")
    assert second.headers["location"] == back


async def test_a_text_that_changed_in_between_is_read_again(client: TestClient[Litestar], store: MemoryStore) -> None:
    await asks_for(store, ConsentKind.TERMS, "Our terms", "Be kind.")
    await asks_for(store, ConsentKind.TERMS, "Our terms", "Be kinder.")

    refused = client.post("/portal/consents", data={"kind": "terms", "version": "1"})

    assert (refused.status_code, refused.headers["location"]) == (303, "/portal/consents")
    assert not store.shelf("consents")


@pytest.mark.parametrize("form", [{"kind": "nonsense", "version": "1"}, {"kind": "terms", "version": "one"}, {}])
async def test_what_nobody_asks_for_is_not_accepted(client: TestClient[Litestar], form: dict[str, str]) -> None:
    assert client.post("/portal/consents", data=form).status_code == 404


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example"])
async def test_accepting_leads_to_no_other_site(
    client: TestClient[Litestar], store: MemoryStore, elsewhere: str
) -> None:
    await asks_for(store, ConsentKind.TERMS, "Our terms", "Be kind.")

    done = client.post("/portal/consents", data={"kind": "terms", "version": "1", "next": elsewhere})

    assert "evil" not in done.headers["location"]
