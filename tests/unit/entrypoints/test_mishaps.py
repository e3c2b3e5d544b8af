"""Errors reach a service that people watch, without what belongs to anybody. (OPS-09)"""

import io
import logging as stdlib
from collections.abc import Iterator

import httpx
import msgspec
import pytest
import structlog

from adapters.error_reports import ROOM, Dsn, EnvelopeReporter, read_dsn
from entrypoints import logging
from ports.oversight.errors import Mishap


@pytest.fixture
def told() -> Iterator[list[Mishap]]:
    found: list[Mishap] = []
    root = stdlib.getLogger()
    before = list(root.handlers), root.level
    logging.configure(process="worker", json=True, stream=io.StringIO(), report=found.append)
    yield found
    root.handlers[:], _ = before
    root.setLevel(before[1])
    structlog.reset_defaults()


def broken() -> None:
    raise RuntimeError("no mail for amina@example.org, key sk_live_abcdefgh1234")


def test_an_exception_is_told_with_its_place_and_nobody_in_it(told: list[Mishap]) -> None:
    # OPS-08, OPS-09
    log = structlog.get_logger("some.place")
    log.info("all is well")
    log.warning("hm")
    try:
        broken()
    except RuntimeError:
        log.exception("job_failed", job="send", email="amina@example.org")
    stdlib.getLogger("a.library").error("gave up on %s", "bilal@example.org")

    first, second = told
    assert (first.said, first.kind, first.process) == ("job_failed", "RuntimeError", "worker")
    assert [frame.function for frame in first.frames][-1] == "broken"
    assert "***" in second.said
    whole = msgspec.json.encode(told)
    assert b"example.org" not in whole
    assert b"abcdefgh" not in whole


A_MISHAP = Mishap(said="job_failed", logger="w", process="worker", kind="RuntimeError", message="no", request_id="r1")


def a_reporter(*answers: httpx.Response) -> tuple[EnvelopeReporter, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answers[min(len(asked), len(answers)) - 1]

    dsn = Dsn("https://errors.example/api/7/envelope/", "a-key")
    reporter = EnvelopeReporter(dsn, environment="production", release="1", transport=httpx.MockTransport(answer))
    return reporter, asked


def test_it_is_an_envelope_with_one_event() -> None:
    # Source: develop.sentry.dev, "Envelopes"
    reporter, asked = a_reporter(httpx.Response(200))
    reporter(A_MISHAP)
    reporter.drain()

    (request,) = asked
    head, item, payload = request.content.split(b"\n")
    event = msgspec.json.decode(payload)
    assert msgspec.json.decode(head)["event_id"] == event["event_id"]
    assert msgspec.json.decode(item) == {"type": "event", "length": len(payload)}
    assert event["exception"]["values"][0]["type"] == "RuntimeError"
    assert (event["environment"], event["tags"]["process"]) == ("production", "worker")
    assert "sentry_key=a-key" in request.headers["x-sentry-auth"]
    assert request.headers["content-type"] == "application/x-sentry-envelope"


def test_who_asks_for_a_rest_gets_it() -> None:
    reporter, asked = a_reporter(httpx.Response(429, headers={"retry-after": "60"}))
    for _ in range(ROOM):
        reporter(A_MISHAP)
    reporter.drain()
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("dsn", "url"),
    [
        ("https://key@errors.example/7", "https://errors.example/api/7/envelope/"),
        ("http://key:old@errors.example:9000/under/7", "http://errors.example:9000/under/api/7/envelope/"),
    ],
)
def test_an_address_is_read(dsn: str, url: str) -> None:
    assert read_dsn(dsn) == Dsn(url, "key")


@pytest.mark.parametrize("dsn", ["errors.example/7", "https://errors.example/7", "https://key@errors.example/"])
def test_what_is_no_address_is_refused_without_being_shown(dsn: str) -> None:
    with pytest.raises(ValueError, match="should look like") as refused:
        read_dsn(dsn)
    assert "key@errors" not in str(refused.value)
