"""The rules around every request: who may, what is answered when not, what is never told."""

import re
from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

import asyncpg
import msgspec
import pytest
from litestar import Litestar, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.testing import TestClient

from adapters.http import csrf
from adapters.http.requests import Req
from domain.errors import Conflict, Gone, Invalid, NotFound, TooMany
from domain.identity.permission import Audience, Permission, Role
from fakes.http import ADMIN_TOKEN, BARE_TOKEN, QARI_TOKEN, STUDENT_TOKEN, a_config, an_app, bearer, person
from ports.errors import GatewayUnavailable


class SlotIn(msgspec.Struct, forbid_unknown_fields=True):
    minutes: Annotated[int, msgspec.Meta(ge=15)]
    notes: list[str] = []


class SlotTaken(Conflict):
    code = "slot_taken"


RAISED: dict[str, Exception] = {
    "missing": NotFound("no such lesson"),
    "taken": SlotTaken("taken just now", next_free=["2026-03-03T17:00:00Z"]),
    "gone": Gone("used up"),
    "invalid": Invalid("too short", field="minutes"),
    "often": TooMany("too often", retry_after_s=30),
    "gateway": GatewayUnavailable("sandbox", "no answer, card 4242424242424242"),
    "unique": asyncpg.UniqueViolationError("duplicate key value violates unique constraint users_email"),
    "foreign": asyncpg.ForeignKeyViolationError("insert or update on table bookings violates"),
    "away": ConnectionRefusedError("10.0.0.1:5432"),
    "bug": RuntimeError("secret internals"),
}


@get("/api/v1/raise/{name:str}", needs=Permission.NOTHING)
async def raiser(name: FromPath[str]) -> None:
    raise RAISED[name]


@post("/api/v1/slots", needs=Permission.BOOK_LESSON, status_code=200)
async def make_slot(data: JSONBody[SlotIn]) -> int:
    return data.minutes


@get("/api/v1/count", needs=Permission.NOTHING)
async def count(limit: FromQuery[int]) -> int:
    return limit


@get("/api/v1/lessons/{lesson_id:uuid}", needs=Permission.SIGNED_IN)
async def lesson(request: Req, lesson_id: FromPath[UUID]) -> str:
    return f"{request.user.role}"


@get("/forgotten")
async def forgotten() -> str:
    return "open by mistake"


@get("/portal", needs=Permission.SEE_OWN_BOOKINGS)
async def portal() -> str:
    return "portal"


@post("/portal/form", needs=Permission.NOTHING, status_code=200)
async def form() -> str:
    return "done"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    with TestClient(an_app([raiser, make_slot, count, lesson, forgotten, portal, form])) as client:
        yield client


def cookie(token: str) -> dict[str, str]:
    return {"Cookie": f"halaqa_main={token}"}


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("missing", 404, "not_found"),
        ("taken", 409, "slot_taken"),
        ("gone", 410, "gone"),
        ("invalid", 422, "invalid"),
        ("often", 429, "too_many"),
        ("gateway", 503, "gateway_unavailable"),
        ("unique", 409, "already_exists"),  # API-05
        ("foreign", 422, "unknown_reference"),
        ("away", 503, "unavailable"),
        ("bug", 500, "internal"),
    ],
)
def test_every_error_is_a_problem_with_a_stable_code(
    client: TestClient[Litestar], name: str, status: int, code: str
) -> None:
    # API-04, API-05
    answer = client.get(f"/api/v1/raise/{name}")

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["code"], body["status"]) == (code, status)
    assert body["request_id"] == answer.headers["x-request-id"]
    for secret in ("4242", "duplicate key", "users_email", "10.0.0.1", "secret internals", "bookings violates"):
        assert secret not in answer.text


def test_what_an_error_knows_stands_in_the_problem(client: TestClient[Litestar]) -> None:
    assert client.get("/api/v1/raise/taken").json()["next_free"] == ["2026-03-03T17:00:00Z"]
    assert client.get("/api/v1/raise/invalid").json()["errors"] == [{"path": "minutes", "message": "too short"}]
    assert client.get("/api/v1/raise/often").headers["retry-after"] == "30"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ('{"minutes": 30, "surprise": 1}', "surprise"),
        ('{"notes": []}', "minutes"),
        ('{"minutes": 5}', "minutes"),
        ('{"minutes": 30, "notes": ["a", 5]}', "notes[1]"),
        ("[]", ""),
    ],
)
def test_input_that_does_not_fit_is_named_by_its_path(client: TestClient[Litestar], body: str, path: str) -> None:
    # API-04
    answer = client.post(
        "/api/v1/slots", content=body, headers={"Content-Type": "application/json"} | bearer(STUDENT_TOKEN)
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    assert [error["path"] for error in answer.json()["errors"]] == [path]


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"", b'"\\ud800"'])
def test_garbage_is_the_clients_fault(client: TestClient[Litestar], body: bytes) -> None:
    # API-04: never 500
    answer = client.post(
        "/api/v1/slots", content=body, headers={"Content-Type": "application/json"} | bearer(STUDENT_TOKEN)
    )

    assert answer.status_code in {400, 422}, answer.text


def test_a_query_that_does_not_fit_is_named(client: TestClient[Litestar]) -> None:
    for query in ("?limit=many", ""):
        answer = client.get(f"/api/v1/count{query}")

        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["path"] == "limit", answer.text


def test_not_known_is_401_and_not_allowed_is_403(client: TestClient[Litestar]) -> None:
    # API-06
    anonymous = client.post("/api/v1/slots", json={"minutes": 30})
    qari = client.post("/api/v1/slots", json={"minutes": 30}, headers=bearer(QARI_TOKEN))
    student = client.post("/api/v1/slots", json={"minutes": 30}, headers=bearer(STUDENT_TOKEN))

    assert (anonymous.status_code, qari.status_code, student.status_code) == (401, 403, 200)
    assert anonymous.headers["www-authenticate"].startswith("Bearer")


def test_a_route_that_names_no_permission_is_closed(client: TestClient[Litestar]) -> None:
    # ID-08
    assert client.get("/forgotten", headers=bearer(STUDENT_TOKEN)).json()["code"] == "route_closed"


@pytest.mark.parametrize("how", [bearer, cookie])
def test_a_token_of_the_other_door_is_refused_and_its_cookie_expired(client: TestClient[Litestar], how: object) -> None:
    # ID-07
    headers = cookie(ADMIN_TOKEN) if how is cookie else bearer(ADMIN_TOKEN)

    answer = client.get(f"/api/v1/lessons/{UUID(int=1)}", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_audience")
    assert re.match(r'halaqa_main=("")?;.*Max-Age=0', answer.headers["set-cookie"])


def test_the_other_doors_own_cookie_is_refused_by_the_api_and_expired(client: TestClient[Litestar]) -> None:
    # ID-07
    headers = {"Cookie": f"halaqa_admin={ADMIN_TOKEN}"}

    answer = client.get(f"/api/v1/lessons/{UUID(int=1)}", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_audience")
    assert "halaqa_admin=" in answer.headers["set-cookie"]


def test_the_same_address_serves_cookie_and_bearer(client: TestClient[Litestar]) -> None:
    # ID-05
    for headers in (cookie(STUDENT_TOKEN), bearer(STUDENT_TOKEN)):
        assert client.get(f"/api/v1/lessons/{UUID(int=1)}", headers=headers).text == "student"


def test_a_write_by_cookie_needs_proof(client: TestClient[Litestar]) -> None:
    # ID-05
    proof = csrf.prove(a_config().secret, person(Audience.MAIN, Role.STUDENT).session_id.hex)
    headers = cookie(STUDENT_TOKEN)

    assert client.post("/api/v1/slots", json={"minutes": 30}, headers=headers).json()["code"] == "csrf_failed"
    assert client.post("/portal/form", data={"csrf_token": "x.y"}, headers=headers).status_code == 403
    assert client.post("/portal/form", data={"csrf_token": proof}, headers=headers).status_code == 200
    assert client.post("/api/v1/slots", json={"minutes": 30}, headers=headers | {csrf.HEADER: proof}).status_code == 200
    other = cookie(QARI_TOKEN) | {csrf.HEADER: proof}
    assert client.post("/portal/form", headers=other).status_code == 403


def test_an_anonymous_form_needs_the_visit_it_was_made_for(client: TestClient[Litestar]) -> None:
    proof = csrf.prove(a_config().secret, "visit-1")

    assert client.post("/portal/form", data={"csrf_token": proof}).status_code == 403
    visit = {"Cookie": "halaqa_visit_main=visit-1"}
    assert client.post("/portal/form", data={"csrf_token": proof}, headers=visit).status_code == 200


def test_a_browser_gets_pages_and_a_way_to_sign_in(client: TestClient[Litestar]) -> None:
    html = {"Accept": "text/html,application/xhtml+xml"}

    missing = client.get("/nowhere", headers=html)
    stranger = client.get("/portal?tab=past", headers=html, follow_redirects=False)

    assert missing.status_code == 404
    assert missing.headers["content-type"].startswith("text/html")
    assert (stranger.status_code, stranger.headers["location"]) == (303, "/sign-in?next=/portal%3Ftab%3Dpast")


@pytest.mark.parametrize("path", ["/health/live", "/nowhere", "/api/v1/nothing", "/portal", "/schema/openapi.json"])
def test_security_headers_are_on_every_answer(client: TestClient[Litestar], path: str) -> None:
    # OPS-10
    headers = client.get(path).headers

    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-request-id"]


def test_a_request_id_is_kept_when_it_is_harmless(client: TestClient[Litestar]) -> None:
    assert client.get("/health/live", headers={"X-Request-ID": "abc-12345"}).headers["x-request-id"] == "abc-12345"
    assert client.get("/health/live", headers={"X-Request-ID": "a b<script>"}).headers["x-request-id"] != "a b<script>"


def test_sessions_that_ended_are_unknown(client: TestClient[Litestar]) -> None:
    answer = client.get(f"/api/v1/lessons/{UUID(int=1)}", headers=cookie(BARE_TOKEN))

    assert answer.status_code == 401
    assert "Max-Age=0" in answer.headers["set-cookie"]
