"""Making an account and signing in, over the API and on the pages."""

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.api import identity as api
from adapters.http.routes import controllers_for
from adapters.http.web import identity as web
from application.identity.authenticate import Authenticate
from application.identity.verify_email import MintVerification
from domain.identity.permission import Audience, Role
from domain.ids import EventId, UserId
from fakes.clock import FixedClock
from fakes.doors import Cases
from fakes.http import a_config, an_app, bearer, provided
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
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MARYAM = {"email": "maryam@example.org", "password": GOOD_PASSWORD, "name": "Maryam Khan", "zone": "Asia/Karachi"}


@pytest.fixture
def store() -> IdentityStore:
    return IdentityStore()


def a_door(store: IdentityStore, clock: FixedClock, audience: Audience) -> Litestar:
    units = identity_units(store)
    cases = Cases(audience, units, clock, SequentialIds(), PlainHasher(), MemoryThrottle(clock), MemoryDevices(store))
    both = (api, web)
    main = audience is Audience.MAIN
    controllers = [c for module in both for c in (module.CONTROLLERS_MAIN if main else module.CONTROLLERS_ADMIN)]
    return an_app(
        controllers,
        audience=audience,
        dependencies={name: provided(case) for name, case in cases.by_name().items()},
        inner={
            "authenticator": Authenticate(audience, MemorySessionQueries(store), clock),
            "refresher": cases.refresh,
            "clock": clock,
        },
    )


@pytest.fixture
def main(store: IdentityStore, clock: FixedClock) -> Iterator[TestClient[Litestar]]:
    with TestClient(a_door(store, clock, Audience.MAIN)) as client:
        yield client


@pytest.fixture
def admin(store: IdentityStore, clock: FixedClock) -> Iterator[TestClient[Litestar]]:
    with TestClient(a_door(store, clock, Audience.ADMIN)) as client:
        yield client


def proof_on(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def test_an_account_is_made_once_and_its_hash_is_told_nobody(main: TestClient[Litestar]) -> None:
    # ID-01
    first = main.post("/api/v1/auth/register", json=MARYAM)
    again = main.post("/api/v1/auth/register", json=MARYAM | {"email": "MARYAM@Example.ORG"})

    assert first.status_code == 201, first.text
    assert "hash" not in first.text
    assert "password" not in first.text
    assert (again.status_code, again.json()["code"]) == (409, "email_taken")
    assert again.json()["errors"][0]["path"] == "email"


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"password": "short"}, "weak_password", "password"),
        ({"email": "nobody"}, "invalid", "email"),
        ({"zone": "Mars/Olympus"}, "unknown_zone", "zone"),
        ({"role": "owner"}, "invalid", "role"),
        ({"is_admin": True}, "invalid", "is_admin"),
        ({"name": "\x00"}, "invalid", "name"),
    ],
)
def test_what_does_not_fit_is_named(
    main: TestClient[Litestar], change: dict[str, object], code: str, path: str
) -> None:
    # API-04
    answer = main.post("/api/v1/auth/register", json=MARYAM | change)

    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert answer.json()["errors"][0]["path"] == path


def test_bearer_and_cookie_answer_who_one_is(main: TestClient[Litestar]) -> None:
    # ID-05, ID-06
    main.post("/api/v1/auth/register", json=MARYAM)
    credentials = {"email": "maryam@example.org", "password": GOOD_PASSWORD}

    assert main.get("/api/v1/me").status_code == 401
    token = main.post("/api/v1/auth/sign-in", json=credentials).json()["token"]
    by_bearer = main.get("/api/v1/me", headers=bearer(token))
    signed_in = main.post("/api/v1/auth/sign-in", json=credentials | {"delivery": "cookie"})
    by_cookie = main.get("/api/v1/me")

    assert by_bearer.status_code == by_cookie.status_code == 200
    me = by_cookie.json()
    assert (me["roles"], me["onboarding_status"], me["landing"]) == (["student"], "draft", "/onboarding")
    assert "booking.book" in me["permissions"]
    assert UUID(me["id"]).version == 7
    assert signed_in.json()["token"] is None
    cookie = signed_in.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert main.post("/api/v1/auth/sign-out").json()["code"] == "csrf_failed"
    assert main.post("/api/v1/auth/sign-out", headers={"X-CSRF-Token": me["csrf_token"]}).status_code == 204
    assert main.get("/api/v1/me").status_code == 401


def test_over_https_the_cookie_is_secure_and_of_this_host_alone() -> None:
    # ID-05
    config = a_config(base_url="https://school.example")

    assert config.session_cookie == "__Host-halaqa_main"
    assert config.secure


def test_one_refusal_for_unknown_and_wrong(main: TestClient[Litestar]) -> None:
    main.post("/api/v1/auth/register", json=MARYAM)

    answers = [
        main.post("/api/v1/auth/sign-in", json={"email": email, "password": "a wrong password"}).json()
        for email in ("maryam@example.org", "nobody@example.org")
    ]

    assert {(answer["status"], answer["code"], answer["detail"]) for answer in answers} == {
        (401, "bad_credentials", "the address or the password is not right")
    }


def test_each_door_refuses_the_tokens_of_the_other(
    main: TestClient[Litestar], admin: TestClient[Litestar], store: IdentityStore
) -> None:
    # ID-07
    student, staff = a_user(), a_user(number=2, roles=frozenset({Role.SUPPORT}))
    store.users = {student.id: student, staff.id: staff}

    def token(client: TestClient[Litestar], email: str) -> str:
        answer = client.post("/api/v1/auth/sign-in", json={"email": email, "password": GOOD_PASSWORD})
        return str(answer.json()["token"])

    student_token, staff_token = token(main, student.email), token(admin, staff.email)

    for client, wrong, name in ((main, staff_token, "halaqa_main"), (admin, student_token, "halaqa_admin")):
        for headers in (bearer(wrong), {"Cookie": f"{name}={wrong}"}):
            answer = client.get("/api/v1/me", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "wrong_audience")
            assert name in answer.headers["set-cookie"]
            assert "Max-Age=0" in answer.headers["set-cookie"]
    refused = main.post("/api/v1/auth/sign-in", json={"email": staff.email, "password": GOOD_PASSWORD})
    assert refused.status_code == 403


async def test_a_link_proves_an_address_once(
    main: TestClient[Litestar], store: IdentityStore, clock: FixedClock
) -> None:
    # ID-01
    made = main.post("/api/v1/auth/register", json=MARYAM).json()
    mint = MintVerification(identity_units(store), clock, "secret")
    token = await mint(EventId(UUID(int=1)), UserId(UUID(made["id"])))

    assert main.post("/api/v1/auth/verify", json={"token": token}).status_code == 204
    again = main.post("/api/v1/auth/verify", json={"token": token})
    assert (again.status_code, again.json()["code"]) == (410, "link_used")
    assert main.post("/api/v1/auth/verify", json={"token": "invented"}).status_code == 404


def test_pages_lead_from_sign_up_on_and_out_again(main: TestClient[Litestar]) -> None:
    # ID-15
    form = main.get("/sign-up?next=/qaris/x", headers=HTML)
    fields = MARYAM | {"csrf_token": proof_on(form.text), "role": "guardian", "next": "/qaris/x"}

    assert main.post("/sign-up", data=fields | {"csrf_token": "no"}, headers=HTML).status_code == 403
    weak = main.post("/sign-up", data=fields | {"password": "short"}, headers=HTML)
    made = main.post("/sign-up", data=fields, headers=HTML, follow_redirects=False)

    assert weak.status_code == 422
    assert "at least 10 characters" in weak.text
    assert "Maryam Khan" in weak.text
    assert (made.status_code, made.headers["location"]) == (303, "/qaris/x")
    assert main.get("/api/v1/me").json()["roles"] == ["guardian"]
    assert main.get("/sign-in", headers=HTML, follow_redirects=False).headers["location"] == "/onboarding"
    signed_in_page = main.get("/verify?token=abc", headers=HTML)
    out = main.post(
        "/sign-out", data={"csrf_token": proof_on(signed_in_page.text)}, headers=HTML, follow_redirects=False
    )
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    assert "You are signed out." in main.get("/sign-in", headers=HTML).text
    assert "You are signed out." not in main.get("/sign-in", headers=HTML).text


def test_a_wrong_password_is_said_on_the_form(main: TestClient[Litestar]) -> None:
    fields = {"email": '"><script>x</script>@example.org', "password": "wrong"}
    proof = proof_on(main.get("/sign-in", headers=HTML).text)

    answer = main.post("/sign-in", data=fields | {"csrf_token": proof}, headers=HTML)

    assert answer.status_code == 401
    assert "not right" in answer.text
    assert "<script>x" not in answer.text
    assert 'type="password" value' not in answer.text


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"])
def test_nobody_is_sent_elsewhere_after_signing_in(main: TestClient[Litestar], wanted: str) -> None:
    main.post("/api/v1/auth/register", json=MARYAM)
    proof = proof_on(main.get("/sign-in", headers=HTML).text)
    fields = {"email": "maryam@example.org", "password": GOOD_PASSWORD, "next": wanted, "csrf_token": proof}

    answer = main.post("/sign-in", data=fields, headers=HTML, follow_redirects=False)

    assert answer.headers["location"] == "/onboarding"


def test_a_session_that_is_over_leads_to_sign_in(main: TestClient[Litestar], clock: FixedClock) -> None:
    main.post("/api/v1/auth/register", json=MARYAM)
    credentials = {"email": "maryam@example.org", "password": GOOD_PASSWORD, "delivery": "cookie"}
    main.post("/api/v1/auth/sign-in", json=credentials)
    clock.advance(timedelta(days=31))
    over = main.get("/api/v1/me")

    assert over.status_code == 401
    assert over.headers["set-cookie"].count("Max-Age=0") == 2


def test_both_doors_compose() -> None:
    assert api.SessionController in controllers_for(Audience.ADMIN)
    assert api.AccountController not in controllers_for(Audience.ADMIN)


@pytest.mark.parametrize("garbage", ["%ff%fe", "%ed%a0%80", "%00", "a" * 9000, "%F0%9F%95%8B"])
@pytest.mark.parametrize("field", ["email", "password", "csrf_token", "next", "name", "zone", "role"])
def test_no_form_breaks_a_page(main: TestClient[Litestar], field: str, garbage: str) -> None:
    # API-04: never 500
    for path in ("/sign-up", "/sign-in", "/verify"):
        proof = proof_on(main.get(f"{path}?token=abc", headers=HTML).text)
        fields = {"email": "a%40example.org", "password": "a+quiet+room", "name": "Amina", "csrf_token": proof}
        body = "&".join(f"{name}={value}" for name, value in (fields | {field: garbage}).items())

        answer = main.post(path, content=body, headers=HTML | FORM, follow_redirects=False)

        assert answer.status_code < 500, (path, answer.text[:500])
        main.cookies.clear()
