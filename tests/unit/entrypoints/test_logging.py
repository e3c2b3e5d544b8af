"""OPS-08: structured lines with request ids; a scan finds no token, card or CNIC."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from entrypoints.logging import configure
from entrypoints.masking import MASK, mask_text

PRIVATE = {
    "e-mail": "amina.khan+quran@mail.example",
    "session": "hm_4f9cS3cretTok3nOfTheSession",
    "bearer": "Bearer abcdef.ghijkl-0123",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl",
    "provider key": "sk_test_51H8abcdefgh",
    "webhook secret": "whsec_0123456789abcdef",
    "card": "4242 4242 4242 4242",
    "card in one": "5555555555554444",
    "cnic": "35202-1234567-1",
    "cnic in one": "3520212345671",
    "telephone": "+92 300 1234567",
    "database": "postgresql://halaqa:hunter2@db/halaqa",
    "link": "https://school.example/verify?token=abcdef123456",
    "hash": "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
}


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure(process="main", json=True, stream=stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def read(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_a_line_is_json_with_its_request_id_and_process(lines: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger("booking").info("held", minutes=30)

    (line,) = read(lines)
    assert line["message"] == "held"
    assert line["request_id"] == "r-1"
    assert line["process"] == "main"
    assert line["level"] == "info"
    assert line["minutes"] == 30
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize("private", PRIVATE.values(), ids=PRIVATE.keys())
def test_a_scan_of_the_log_finds_nothing_private(lines: io.StringIO, private: str) -> None:
    log = structlog.get_logger("scan")

    log.info(f"it says {private} in the text")
    log.info("in a field", note=f"see {private}", nested={"list": [private]})
    logging.getLogger("some.library").warning("a library says %s", private)
    try:
        raise_with(private)
    except RuntimeError:
        log.exception("in an exception")

    assert len(read(lines)) == 4
    assert secret_part(private) not in lines.getvalue()


def raise_with(text: str) -> None:
    raise RuntimeError(f"failed with {text}")


def secret_part(private: str) -> str:
    if "hunter2" in private:
        return "hunter2"
    return private.rpartition("token=")[2].removeprefix("Bearer ")


@pytest.mark.parametrize("name", ["password", "new_password", "access_token", "email", "payer_email", "cnic", "Cookie"])
def test_a_field_is_masked_for_its_name_alone(lines: io.StringIO, name: str) -> None:
    structlog.get_logger("scan").info("signed in", **{name: "anything"})

    assert read(lines)[0][name] == MASK


@pytest.mark.parametrize(
    "harmless",
    [
        "01980000-0000-7000-8000-000000000001",
        "2026-07-15T12:00:00Z",
        "/bookings/{booking_id}",
        "took 1234567 microseconds",
        "1752580800 seconds",
    ],
)
def test_what_a_reader_needs_stays(harmless: str) -> None:
    assert mask_text(harmless) == harmless
