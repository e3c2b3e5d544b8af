"""The same key has one effect and one answer, over HTTP. (API-07)"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
import pytest
from litestar import Litestar, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.testing import TestClient

from adapters.http.idempotency import Once
from adapters.http.requests import Req
from domain.errors import Conflict
from domain.identity.permission import Permission
from fakes.http import STUDENT_TOKEN, StandingClock, an_app, bearer, provided
from fakes.idempotency import MemoryIdempotency
from fakes.ids import SequentialIds


class HoldIn(msgspec.Struct, forbid_unknown_fields=True):
    slot: str
    fail: bool = False


class HoldOut(msgspec.Struct):
    id: UUID
    slot: str


made: list[UUID] = []


@post("/api/v1/qaris/{qari:str}/holds", needs=Permission.BOOK_LESSON, status_code=201)
async def hold(
    request: Req, qari: FromPath[str], data: JSONBody[HoldIn], once: NamedDependency[Once]
) -> Response[HoldOut]:
    async def work(effect: UUID) -> HoldOut:
        if data.fail:
            raise Conflict("taken")
        made.append(effect)
        return HoldOut(effect, f"{qari} {data.slot}")

    return await once(request, work, status_code=201)


@pytest.fixture
def client() -> Iterator[TestClient[Litestar]]:
    made.clear()
    once = Once(MemoryIdempotency(), StandingClock(), SequentialIds())
    with TestClient(an_app([hold], dependencies={"once": provided(once)})) as client:
        yield client


def send(client: TestClient[Litestar], key: str | None, body: Any, qari: str = "q1") -> Any:
    headers = bearer(STUDENT_TOKEN) | ({"Idempotency-Key": key} if key is not None else {})
    content = body if isinstance(body, str) else msgspec.json.encode(body).decode()
    return client.post(
        f"/api/v1/qaris/{qari}/holds", content=content, headers=headers | {"Content-Type": "application/json"}
    )


def test_the_same_key_answers_the_same_and_acts_once(client: TestClient[Litestar]) -> None:
    first = send(client, "key-1", '{"slot": "a", "fail": false}')
    second = send(client, "key-1", '{"fail":false,"slot":"a"}')

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert len(made) == 1
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"


def test_another_body_or_address_under_the_same_key_is_refused(client: TestClient[Litestar]) -> None:
    send(client, "key-1", {"slot": "a"})

    for answer in (send(client, "key-1", {"slot": "b"}), send(client, "key-1", {"slot": "a"}, qari="q2")):
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")
    assert len(made) == 1


def test_the_effect_has_the_same_id_whoever_lost_the_answer() -> None:
    ids = []
    for _ in range(2):
        made.clear()
        once = Once(MemoryIdempotency(), StandingClock(), SequentialIds())
        app = an_app([hold], dependencies={"once": provided(once)})
        with TestClient(app) as client:
            ids.append(send(client, "key-1", {"slot": "a"}).json()["id"])

    assert ids[0] == ids[1]


def test_a_refusal_is_not_kept_and_no_key_means_no_promise(client: TestClient[Litestar]) -> None:
    assert send(client, "key-1", {"slot": "a", "fail": True}).status_code == 409
    assert send(client, "key-1", {"slot": "a"}).status_code == 201
    assert send(client, None, {"slot": "a"}).json()["id"] != send(client, None, {"slot": "a"}).json()["id"]


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_is_none_is_named(client: TestClient[Litestar], key: str) -> None:
    answer = send(client, key, {"slot": "a"})

    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "Idempotency-Key")
