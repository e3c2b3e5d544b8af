"""Going on being signed in, devices, hats, and looking through other eyes, over HTTP."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.api import identity as api
from adapters.http.api import sessions as api_sessions
from adapters.http.web import identity as web
from adapters.http.web import preferences
from adapters.http.web import sessions as web_sessions
from application.identity.authenticate import Authenticate
from domain.identity.permission import Audience, Role
from domain.identity.session import ACCESS_LIFETIME, GRACE, LIFETIMES, Ending, Session
from domain.identity.user import AccountStatus, Onboarding
from domain.ids import SessionId
from fakes.clock import FixedClock
from fakes.doors import Cases
from fakes.http import an_app, bearer, provided
from fakes.identity import (
    GOOD_PASSWORD,
    IdentityStore,
    MemoryDevices,
    MemorySessionQueries,
    PlainHasher,
    a_user,
    identity_units,
)
from fakes.ids import SequentialIds
from fakes.throttle import MemoryThrottle

HTML = {"Accept": "text/html"}
MARYAM = a_user(roles=frozenset({Role.QARI, Role.GUARDIAN}), onboarding={Role.GUARDIAN: Onboarding.SUBMITTED})
STAFF = a_user(number=2, roles=frozenset({Role.SUPPORT, Role.FINANCE}))


class Doors:
    def __init__(self, clock: FixedClock) -> None:
        self.store, self.clock, self.ids = IdentityStore(), clock, SequentialIds()
        self.store.users = {user.id: user for user in (MARYAM, STAFF)}

    def app(self, audience: Audience) -> Litestar:
        throttle, devices = MemoryThrottle(self.clock), MemoryDevices(self.store)
        units = identity_units(self.store)
        cases = Cases(audience, units, self.clock, self.ids, PlainHasher(), throttle, devices)
        modules: list[Any] = [api, api_sessions, web, web_sessions, preferences]
        name = "CONTROLLERS_MAIN" if audience is Audience.MAIN else "CONTROLLERS_ADMIN"
        controllers = [controller for module in modules for controller in getattr(module, name)]
        return an_app(
            controllers,
            audience=audience,
            dependencies={name: provided(case) for name, case in cases.by_name().items()},
            inner={
                "authenticator": Authenticate(audience, MemorySessionQueries(self.store), self.clock),
                "refresher": cases.refresh,
                "throttle": throttle,
                "clock": self.clock,
            },
        )

    @property
    def session(self) -> Session:
        """The newest one."""
        newest: Session = list(self.store.sessions.values())[-1]
        return newest


Client = TestClient[Litestar]


@pytest.fixture
def doors(clock: FixedClock) -> Doors:
    return Doors(clock)


@pytest.fixture
def main(doors: Doors) -> Iterator[Client]:
    with TestClient(doors.app(Audience.MAIN)) as client:
        yield client


@pytest.fixture
def admin(doors: Doors) -> Iterator[Client]:
    with TestClient(doors.app(Audience.ADMIN)) as client:
        yield client


def sign_in(
    client: Client, *, email: str | None = MARYAM.email, proof: dict[str, str] | None = None, **given: Any
) -> dict[str, Any]:
    body = {"email": email, "password": GOOD_PASSWORD} | given
    answer = client.post("/api/v1/auth/sign-in", json=body, headers={"User-Agent": "Firefox/1 Linux"} | (proof or {}))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refreshed(client: Client, token: str) -> Any:
    return client.post("/api/v1/auth/refresh", json={"refresh_token": token})


def status_of_me(client: Client, token: str) -> int:
    return client.get("/api/v1/me", headers=bearer(token)).status_code


def proof(client: Client) -> dict[str, str]:
    return {"X-CSRF-Token": client.get("/api/v1/me").json()["csrf_token"]}


def test_an_access_token_lasts_a_quarter_of_an_hour_and_the_next_comes_for_the_refresh_token(
    main: Client, clock: FixedClock
) -> None:
    # ID-04
    first = sign_in(main)
    clock.advance(ACCESS_LIFETIME)
    assert status_of_me(main, first["token"]) == 401

    second = refreshed(main, first["refresh_token"]).json()

    assert status_of_me(main, second["token"]) == 200
    assert status_of_me(main, second["refresh_token"]) == 401
    assert len({first["token"], first["refresh_token"], second["token"], second["refresh_token"]}) == 4


def test_a_used_refresh_token_ends_the_whole_session(main: Client, doors: Doors) -> None:
    # ID-04
    first = sign_in(main)
    other = sign_in(main)
    second = refreshed(main, first["refresh_token"]).json()

    replay = refreshed(main, first["refresh_token"])

    assert (replay.status_code, replay.json()["code"]) == (401, "token_replayed")
    assert status_of_me(main, second["token"]) == 401
    after = refreshed(main, second["refresh_token"])
    assert (after.status_code, after.json()["code"]) == (401, "session_over")
    assert status_of_me(main, other["token"]) == 200
    assert {s.ended_because for s in doors.store.sessions.values()} == {Ending.REPLAYED, None}


@pytest.mark.parametrize("token", ["", "hm_unknown", "nonsense"])
def test_what_is_no_refresh_token_renews_nothing(main: Client, token: str) -> None:
    assert refreshed(main, token).status_code in {401, 422}


def test_a_refresh_token_of_the_other_door_is_refused(main: Client, admin: Client) -> None:
    # ID-07
    staff, learner = sign_in(admin, email=STAFF.email), sign_in(main)

    for client, wrong, name in (
        (main, staff["refresh_token"], "halaqa_main_more"),
        (admin, learner["refresh_token"], "halaqa_admin_more"),
    ):
        assert refreshed(client, wrong).json()["code"] == "wrong_audience"
        by_cookie = client.get("/api/v1/me", headers={"Cookie": f"{name}={wrong}"})
        assert (by_cookie.status_code, by_cookie.json()["code"]) == (403, "wrong_audience")
        assert name in by_cookie.headers["set-cookie"]
        assert "Max-Age=0" in by_cookie.headers["set-cookie"]


def test_somebody_blocked_gets_no_further_pair(main: Client, doors: Doors) -> None:
    # ID-11
    pair = sign_in(main)
    doors.store.users = {MARYAM.id: msgspec.structs.replace(MARYAM, status=AccountStatus.BLOCKED)}

    assert refreshed(main, pair["refresh_token"]).status_code == 401
    assert status_of_me(main, pair["token"]) == 401


def test_browsers_never_notice_that_tokens_change(main: Client, doors: Doors, clock: FixedClock) -> None:
    # ID-04, ID-05
    sign_in(main, delivery="cookie")
    before = dict(main.cookies)
    form_proof = proof(main)
    clock.advance(hours=3)

    answer = main.get("/api/v1/me")

    assert answer.status_code == 200
    cookies = answer.headers.get_list("set-cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} == {"halaqa_main", "halaqa_main_more"}
    assert all("HttpOnly" in cookie and "SameSite=lax" in cookie for cookie in cookies)
    assert dict(main.cookies) != before
    assert "set-cookie" not in main.get("/api/v1/me").headers
    out = main.post("/api/v1/auth/sign-out", headers=form_proof)
    assert out.status_code == 204, "a form that was open all the while is still good"
    assert doors.session.ended_because is Ending.SIGNED_OUT


def test_several_requests_at_once_may_carry_the_refresh_token_that_the_first_one_uses(
    main: Client, doors: Doors, clock: FixedClock
) -> None:
    # ID-04
    sign_in(main, delivery="cookie")
    old = "; ".join(f"{name}={value}" for name, value in main.cookies.items())
    main.cookies.clear()
    clock.advance(hours=1)

    answers = [main.get("/api/v1/me", headers={"Cookie": old}) for _ in range(3)]
    main.cookies.clear()
    clock.advance(GRACE + timedelta(seconds=1))
    late = main.get("/api/v1/me", headers={"Cookie": old})

    assert {answer.status_code for answer in answers} == {200}
    assert len({tuple(answer.headers.get_list("set-cookie")) for answer in answers}) == 1
    assert late.status_code == 401
    assert late.headers["set-cookie"].count("Max-Age=0") == 2
    assert doors.session.ended_because is Ending.REPLAYED


def test_signing_out_while_the_tokens_change_signs_out(main: Client, doors: Doors, clock: FixedClock) -> None:
    sign_in(main, delivery="cookie")
    form_proof = proof(main)
    clock.advance(hours=1)

    out = main.post("/api/v1/auth/sign-out", headers=form_proof)

    assert out.status_code == 204
    assert sorted(c.partition("=")[0] for c in out.headers.get_list("set-cookie")) == [
        "halaqa_main",
        "halaqa_main_more",
    ]
    assert out.headers["set-cookie"].count("Max-Age=0") == 2
    assert main.get("/api/v1/me").status_code == 401


def test_cookies_that_lead_nowhere_are_taken_away_on_public_pages(main: Client) -> None:
    answer = main.get("/sign-in", headers=HTML | {"Cookie": "halaqa_main=hm_x; halaqa_main_more=hm_y"})

    assert answer.status_code == 200
    gone = [cookie for cookie in answer.headers.get_list("set-cookie") if "Max-Age=0" in cookie]
    assert [cookie.partition("=")[0] for cookie in gone] == ["halaqa_main", "halaqa_main_more"]


def test_after_thirty_days_away_one_signs_in_again(main: Client, clock: FixedClock) -> None:
    pair = sign_in(main)
    clock.advance(LIFETIMES[Audience.MAIN])

    assert refreshed(main, pair["refresh_token"]).json()["code"] == "session_over"


def test_devices_are_listed_and_signed_out(main: Client, clock: FixedClock) -> None:
    # ID-18
    away = sign_in(main)
    clock.advance(minutes=6)
    here = sign_in(main)
    mine = bearer(here["token"])
    listed = main.get("/api/v1/auth/devices", headers=mine).json()

    assert [(device["label"], device["current"]) for device in listed] == [
        ("Firefox · Linux", True),
        ("Firefox · Linux", False),
    ]
    assert listed[1]["last_seen_at"] < listed[0]["last_seen_at"]
    assert main.delete(f"/api/v1/auth/devices/{listed[1]['id']}", headers=mine).status_code == 204
    assert status_of_me(main, away["token"]) == 401
    assert refreshed(main, away["refresh_token"]).status_code == 401
    assert main.delete(f"/api/v1/auth/devices/{UUID(int=404)}", headers=mine).status_code == 404


def test_nobody_signs_out_a_device_of_somebody_else(main: Client, admin: Client, doors: Doors) -> None:
    # ID-18
    sign_in(admin, email=STAFF.email)
    foreign, mine = doors.session.id, bearer(sign_in(main)["token"])

    assert main.delete(f"/api/v1/auth/devices/{foreign}", headers=mine).status_code == 404
    assert doors.store.sessions[foreign].ended_at is None


@pytest.mark.parametrize(("keep", "ended", "mine"), [(True, 2, 200), (False, 3, 401)])
def test_signing_out_everywhere(main: Client, keep: bool, ended: int, mine: int) -> None:
    # ID-18
    others = [sign_in(main) for _ in range(2)]
    here = sign_in(main)["token"]

    answer = main.post("/api/v1/auth/sign-out-everywhere", json={"keep_this_one": keep}, headers=bearer(here))

    assert answer.json() == {"ended": ended}
    assert [status_of_me(main, other["token"]) for other in others] == [401, 401]
    assert status_of_me(main, here) == mine


def test_the_pages_of_devices(main: Client) -> None:
    # ID-18
    sign_in(main)
    sign_in(main, delivery="cookie")
    text = main.get("/account/devices", headers=HTML).text
    listed = main.get("/api/v1/auth/devices").json()
    away = next(device["id"] for device in listed if not device["current"])
    fields = {"csrf_token": proof(main)["X-CSRF-Token"]}

    assert text.count("Firefox · Linux") == 2
    assert "This device" in text
    removed = main.post("/account/devices/remove", data=fields | {"device": away}, headers=HTML)
    assert "The device is signed out." in removed.text
    assert removed.text.count("Firefox · Linux") == 1
    assert main.post("/account/devices/remove", data=fields | {"device": "x"}, headers=HTML).status_code == 404
    sign_in(main, proof=proof(main))
    assert (
        "1 other device is signed out."
        in main.post("/account/devices/everywhere", data=fields | {"keep": "yes"}, headers=HTML).text
    )
    main.post("/account/devices/everywhere", data=fields, headers=HTML)
    assert main.get("/api/v1/me").status_code == 401


def test_a_hat_is_changed_for_this_session_and_written_down(main: Client, doors: Doors) -> None:
    # ID-19
    other, here = sign_in(main)["token"], sign_in(main, delivery="cookie")
    assert here["role"] == "qari", "the other one is not approved yet"
    headers = proof(main)

    answer = main.post("/api/v1/auth/act-as", json={"role": "guardian"}, headers=headers)

    assert answer.status_code == 200, answer.text
    assert answer.json()["landing"] == "/onboarding/under-review"
    assert "scheduling.set_availability" not in answer.json()["permissions"]
    assert main.get("/api/v1/me").json()["role"] == "guardian"
    assert main.get("/api/v1/me", headers=bearer(other)).json()["role"] == "qari"
    act = doors.store.acts[-1]
    assert act.actor is not None
    assert (act.action, act.actor.role, act.after) == ("identity.act_as", Role.QARI, {"role": "guardian"})
    for role in ("student", "support"):
        refused = main.post("/api/v1/auth/act-as", json={"role": role}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    assert main.post("/api/v1/auth/act-as", json={"role": "qari"}, headers=headers).status_code == 200
    assert len(doors.store.acts) == 2


def test_the_page_of_hats_offers_those_of_this_door(main: Client, admin: Client) -> None:
    # ID-19
    sign_in(main, delivery="cookie")
    page = main.get("/account/acting-as", headers=HTML).text

    assert "Act as Guardian" in page
    assert 'href="/account/acting-as"' in page
    fields = {"csrf_token": proof(main)["X-CSRF-Token"], "role": "guardian"}
    done = main.post("/account/acting-as", data=fields, headers=HTML, follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, "/onboarding/under-review")
    assert main.post("/account/acting-as", data=fields | {"role": "king"}, headers=HTML).status_code == 403


def test_onboarding_is_that_of_the_hat(main: Client) -> None:
    # ID-06, ID-19
    sign_in(main, delivery="cookie")
    assert main.get("/api/v1/me").json()["onboarding_status"] == "not_needed"

    main.post("/api/v1/auth/act-as", json={"role": "guardian"}, headers=proof(main))

    assert main.get("/api/v1/me").json()["onboarding_status"] == "submitted"


def test_who_looks_through_other_eyes_changes_nothing(main: Client, doors: Doors) -> None:
    # ID-20
    session, issued = Session.open(
        SessionId(UUID(int=5)), MARYAM.id, audience=Audience.MAIN, role=Role.QARI, at=doors.clock.now(),
        impersonator=STAFF.id,
    )  # fmt: skip
    doors.store.sessions = {session.id: session}
    doors.store.tokens = {token.hash: token for token in issued.tokens}
    eyes = bearer(issued.access)

    assert main.get("/api/v1/me", headers=eyes).json()["id"] == str(MARYAM.id)
    for method, path in (
        ("POST", "/api/v1/auth/act-as"),
        ("POST", "/api/v1/auth/sign-out-everywhere"),
        ("DELETE", f"/api/v1/auth/devices/{session.id}"),
        ("POST", "/preferences/theme"),
        ("POST", "/api/v1/auth/register"),
    ):
        refused = main.request(method, path, headers=eyes)
        assert (refused.status_code, refused.json()["code"]) == (403, "read_only"), path
    assert main.get("/api/v1/auth/devices", headers=eyes).json() == []
    assert main.post("/api/v1/auth/sign-out", headers=eyes).status_code == 204
    assert status_of_me(main, issued.access) == 401


def test_the_eleventh_bad_try_is_refused_and_nobody_learns_who_is_there(main: Client, clock: FixedClock) -> None:
    # ID-14
    def tries(email: str | None, times: int) -> list[Any]:
        body = {"email": email, "password": "a wrong password"}
        return [main.post("/api/v1/auth/sign-in", json=body) for _ in range(times)]

    known = tries(MARYAM.email, 11)
    clock.advance(minutes=15)
    unknown = tries("nobody@example.org", 11)

    def told(answers: list[Any]) -> list[tuple[int, str, str]]:
        return [(answer.status_code, answer.json()["code"], answer.json()["detail"]) for answer in answers]

    assert told(known) == told(unknown)
    assert [status for status, _, _ in told(known)] == [401] * 10 + [429]
    assert known[-1].headers["retry-after"] == "900"
    page = main.get("/sign-in", headers=HTML)
    form = {"csrf_token": page.text.partition('name="csrf_token" value="')[2].partition('"')[0]}
    by_form = main.post("/sign-in", data=form | {"email": "nobody@example.org", "password": "wrong"}, headers=HTML)
    assert by_form.status_code == 429


def test_an_account_under_attack_is_locked_for_its_owner_too_until_time_has_passed(
    main: Client, clock: FixedClock
) -> None:
    # ID-14
    for _ in range(10):
        main.post("/api/v1/auth/sign-in", json={"email": MARYAM.email, "password": "a wrong password"})

    good = {"email": MARYAM.email, "password": GOOD_PASSWORD}
    assert main.post("/api/v1/auth/sign-in", json=good).status_code == 429
    clock.advance(minutes=15)
    assert main.post("/api/v1/auth/sign-in", json=good).status_code == 200


def test_one_address_does_not_try_its_luck_with_many_accounts(main: Client, clock: FixedClock) -> None:
    # ID-14: one password, another account each time
    answers = [
        main.post("/api/v1/auth/sign-in", json={"email": f"person{number}@example.org", "password": "salam12345"})
        for number in range(11)
    ]

    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    clock.advance(minutes=15)
    sign_in(main)


def test_good_sign_ins_do_not_add_up(main: Client) -> None:
    # ID-14
    for _ in range(25):
        sign_in(main)


def test_a_cookie_that_somebody_planted_is_not_the_one_that_is_signed_in(main: Client, doors: Doors) -> None:
    # OPS-10: session fixation
    planted = sign_in(main)["token"]
    theirs = doors.session.id
    for told in (planted, "hm_chosen-by-somebody-else"):
        main.cookies.clear()
        main.cookies.set("halaqa_main", told)
        ours = sign_in(main, delivery="cookie", proof=proof(main) if told == planted else None)

        assert doors.session.id != theirs
        assert ours.get("token") != told
        now = main.cookies.get("halaqa_main", domain="testserver.local") or dict(main.cookies)["halaqa_main"]
        assert now not in {planted, told}

    main.cookies.clear()
    assert status_of_me(main, "hm_chosen-by-somebody-else") == 401


@pytest.mark.parametrize("at_home", [True, False])
@pytest.mark.parametrize("kind", ["token", "refresh_token"])
def test_a_token_opens_what_it_was_made_for_and_nothing_else(
    main: Client, admin: Client, kind: str, at_home: bool
) -> None:
    # ID-07: access and refresh tokens of both doors, each tried everywhere else
    staff, learner = sign_in(admin, email=STAFF.email), sign_in(main)
    wrong = 401 if at_home else 403
    if not at_home:
        staff, learner = learner, staff

    for client, own in ((main, learner), (admin, staff)):
        as_access, as_refresh = status_of_me(client, own[kind]), refreshed(client, own[kind]).status_code
        right_access, right_refresh = at_home and kind == "token", at_home and kind == "refresh_token"
        assert as_access == (200 if right_access else wrong)
        assert as_refresh == (200 if right_refresh else wrong)
