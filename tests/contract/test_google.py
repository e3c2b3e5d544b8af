"""Google as it is: against a stand-in that holds each request against the published description. (LIVE-01, DISC-06)"""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.calendars.google import GoogleBusy, GoogleConsent, Opened
from adapters.calendars.ours import lessons_of
from adapters.google.accounts import GoogleAccount, ServiceAccount
from adapters.google.guard import OF_A_USER, guard_of
from adapters.google.oauth import READ_EVENTS
from adapters.meetings.google_meet import GoogleMeetings
from adapters.outgoing.budget import MemoryBudget
from domain.ids import UserId
from domain.scheduling.meeting_server import MeetingServer
from domain.time import TimeSlot
from ports.errors import GatewayRefused, GatewayUnavailable, NotSent
from ports.scheduling.connections import AccessLost
from ports.scheduling.meetings import MeetingRequest, Participant, RoomGone
from support.faulty import FAULTS, Fault, faulty
from support.google import ONCE, a_service, an_account, no_wait
from support.oracles import Oracle, google_oracle

pytestmark = pytest.mark.slow
NOON: Final = datetime(2026, 12, 1, 12, tzinfo=UTC)
SLOT: Final = TimeSlot.lasting(NOON, 30)
WINDOW: Final = TimeSlot(NOON - timedelta(days=1), NOON + timedelta(days=366))
QARI: Final = UserId(UUID(int=9))
OURS: Final = lessons_of("halaqa.example")
SECRET: Final = msgspec.json.encode(Opened("1//refresh")).decode()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    with google_oracle(tmp_path_factory.mktemp("google")) as oracle:
        yield oracle


@pytest.fixture
def oracle(running: Oracle) -> Iterator[Oracle]:
    running.admin("reset")
    yield running
    assert running.violations() == []


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        yield client


@pytest.fixture
def meet(oracle: Oracle, client: httpx.AsyncClient) -> GoogleMeetings:
    return GoogleMeetings(an_account(), a_service(client, oracle.url), no_wait)


@pytest.fixture
def reader(oracle: Oracle, client: httpx.AsyncClient) -> GoogleBusy:
    return GoogleBusy(an_account(), a_service(client, oracle.url), OURS)


def a_request(lesson_id: UUID | None = None, slot: TimeSlot = SLOT) -> MeetingRequest:
    return MeetingRequest(lesson_id=lesson_id or uuid4(), slot=slot, qari_id=QARI, title="Lesson")


def events_of(oracle: Oracle) -> list[dict[str, Any]]:
    """As they are there, the removed ones too."""
    found = oracle.admin("objects")
    return [event for event in _walk(found) if event.get("kind") == "calendar#event"]


def _walk(found: Any) -> Iterator[dict[str, Any]]:
    if isinstance(found, dict):
        yield found
        for value in found.values():
            yield from _walk(value)
    elif isinstance(found, list):
        for value in found:
            yield from _walk(value)


async def link_of(meet: GoogleMeetings, room: str) -> str:
    who = Participant(user_id=QARI, name="Yusuf", leads=True)
    return await meet.join_url(room, who, server=MeetingServer(), opens_at=SLOT.start, closes_at=SLOT.end)


async def test_a_class_is_an_event_with_a_link_and_without_guests(meet: GoogleMeetings, oracle: Oracle) -> None:
    # LIVE-01, SAFE-06
    room = await meet.create(a_request())

    assert (await link_of(meet, room)).startswith("https://meet.google.com/")
    (event,) = events_of(oracle)
    assert "attendees" not in event
    assert event["start"] == {"dateTime": "2026-12-01T12:00:00Z", "timeZone": "UTC"}


async def test_two_workers_make_one_class(meet: GoogleMeetings, oracle: Oracle) -> None:
    # LIVE-03
    request = a_request()

    rooms = [await meet.create(request), await meet.create(request)]

    assert rooms[0] == rooms[1]
    assert len(events_of(oracle)) == 1


async def test_a_moved_lesson_keeps_its_class(meet: GoogleMeetings, oracle: Oracle) -> None:
    room = await meet.create(a_request())

    await meet.move(room, TimeSlot.lasting(NOON + timedelta(hours=3), 45))

    (event,) = events_of(oracle)
    assert (event["start"]["dateTime"], event["end"]["dateTime"]) == ("2026-12-01T15:00:00Z", "2026-12-01T15:45:00Z")


async def test_a_class_is_taken_away_once_or_twice(meet: GoogleMeetings, oracle: Oracle) -> None:
    request = a_request()
    room = await meet.create(request)

    await meet.cancel(room)
    await meet.cancel(room)
    await meet.withdraw(request)
    await meet.withdraw(a_request())

    with pytest.raises(RoomGone):
        await meet.move(room, SLOT)
    assert [event["status"] for event in events_of(oracle)] == ["cancelled"]


async def test_a_class_that_was_taken_away_can_be_made_again(meet: GoogleMeetings, oracle: Oracle) -> None:
    request = a_request()
    first = await meet.create(request)
    await meet.cancel(first)

    again = await meet.create(request)

    assert (await link_of(meet, again)).startswith("https://meet.google.com/")
    assert [event["status"] for event in events_of(oracle)] == ["confirmed"]


async def test_a_class_is_opened_to_whoever_has_its_link(
    meet: GoogleMeetings, oracle: Oracle, client: httpx.AsyncClient
) -> None:
    request = a_request()
    link = await link_of(meet, await meet.create(request))
    code = link.rsplit("/", 1)[1]
    space = {"name": "spaces/one", "meetingUri": link, "meetingCode": code, "config": {"accessType": "TRUSTED"}}
    oracle.admin("put", kind="space", key="one", value=space)

    await GoogleMeetings(an_account(open_rooms=True), a_service(client, oracle.url), no_wait).create(request)

    kept = [found for found in _walk(oracle.admin("objects")) if found.get("meetingCode") == code]
    assert kept[0]["config"]["accessType"] == "OPEN"


async def test_a_class_that_takes_its_time_is_asked_for_again(client: httpx.AsyncClient, tmp_path: Path) -> None:
    with google_oracle(tmp_path, "--conference-pending") as slow:
        meet = GoogleMeetings(an_account(), a_service(client, slow.url), no_wait)

        room = await meet.create(a_request())

        assert (await link_of(meet, room)).startswith("https://meet.google.com/")
        assert slow.violations() == []


async def test_access_is_renewed_once_for_all_who_ask(meet: GoogleMeetings, oracle: Oracle) -> None:
    # LIVE-02
    room = await meet.create(a_request())
    oracle.admin("expire_tokens", all=True)

    await meet.move(room, SLOT)
    await meet.move(room, SLOT)

    tokens = [line for line in oracle.admin("log") if line["op"] == "oauth.token"]
    assert len(tokens) == 2


async def test_a_leave_that_was_taken_back_is_told_as_such(
    meet: GoogleMeetings, oracle: Oracle, client: httpx.AsyncClient
) -> None:
    # LIVE-02: before a lesson needs it
    await meet.check()
    oracle.admin("revoke_refresh", all=True)

    with pytest.raises(AccessLost):
        await meet.check()
    with pytest.raises(AccessLost):
        await GoogleMeetings(an_account(), a_service(client, oracle.url), no_wait).create(a_request())


async def test_a_service_account_signs_for_itself(oracle: Oracle, client: httpx.AsyncClient) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    service = ServiceAccount(client_email="robot@school.iam.example", private_key=pem, subject="classes@school.example")
    account = GoogleAccount(name="school", service_account=service, open_rooms=False)

    room = await GoogleMeetings(account, a_service(client, oracle.url), no_wait).create(a_request())

    assert "meet.google.com" in room
    (token,) = [line for line in oracle.admin("log") if line["op"] == "oauth.token"]
    assert token["claims"]["sub"] == "classes@school.example"


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"])
async def test_a_403_may_only_say_not_now(meet: GoogleMeetings, oracle: Oracle, reason: str) -> None:
    match = "POST /calendar/v3/calendars/primary/events"
    oracle.admin("faults", match=match, status=403, reason=reason, times=1)

    assert await meet.create(a_request())


async def test_a_clear_no_is_a_refusal(meet: GoogleMeetings, oracle: Oracle) -> None:
    match = "POST /calendar/v3/calendars/primary/events"
    oracle.admin("faults", match=match, status=403, reason="forbiddenForNonOrganizer", times=1)

    with pytest.raises(GatewayRefused, match="forbiddenForNonOrganizer"):
        await meet.create(a_request())


CALLS: Final = {
    "create": "POST /calendar/v3/calendars/primary/events",
    "move": "PATCH /calendar/v3/calendars/primary/events/",
    "cancel": "DELETE /calendar/v3/calendars/primary/events/",
    "token": "POST /token",
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_after_each_fault_there_is_one_class(
    oracle: Oracle, client: httpx.AsyncClient, call: str, fault: Fault
) -> None:
    # LIVE-03, OPS-04
    request, later = a_request(), TimeSlot.lasting(NOON + timedelta(hours=1), 30)
    with faulty(oracle.url, hang_s=1.5) as line:
        meet = GoogleMeetings(an_account(), a_service(client, line.url, ONCE), no_wait)
        room = "" if call in ("create", "token") else await meet.create(request)

        async def step() -> None:
            if call == "move":
                await meet.move(room, later)
            elif call == "cancel":
                await meet.cancel(room)
            else:
                await meet.create(request)

        line.next(fault, CALLS[call])
        if call == "cancel" and fault in ("malformed", "cut"):
            await step()  # it was done, and that answer has nothing to read
        else:
            with pytest.raises(GatewayUnavailable):
                await step()
        line.heal()
        await step()

    (event,) = events_of(oracle)
    assert event["status"] == ("cancelled" if call == "cancel" else "confirmed")
    assert event["start"]["dateTime"] == ("2026-12-01T13:00:00Z" if call == "move" else "2026-12-01T12:00:00Z")


async def test_where_nobody_listens_nothing_was_sent(oracle: Oracle, client: httpx.AsyncClient) -> None:
    with faulty(oracle.url) as line:
        service = a_service(client, line.nobody, ONCE)
        with pytest.raises(NotSent):
            await GoogleMeetings(an_account(), service, no_wait).create(a_request())
        with pytest.raises(NotSent):
            await GoogleBusy(an_account(), service, OURS).read(SECRET, "", WINDOW, "UTC")


def put(oracle: Oracle, key: str, **event: Any) -> None:
    """An event in somebody's calendar, made as he would make it: through Google."""
    headers = {"authorization": f"Bearer {token_of(oracle)}"}
    with httpx.Client(base_url=oracle.url, trust_env=False, headers=headers) as owner:
        address = "/calendar/v3/calendars/primary/events"
        answer = owner.post(address, params={"sendUpdates": "none"}, json={"id": key, **event})
        answer.raise_for_status()


def change(oracle: Oracle, key: str, method: str = "PATCH", **event: Any) -> None:
    headers = {"authorization": f"Bearer {token_of(oracle)}"}
    with httpx.Client(base_url=oracle.url, trust_env=False, headers=headers) as owner:
        address = f"/calendar/v3/calendars/primary/events/{key}"
        answer = owner.request(method, address, params={"sendUpdates": "none"}, json=event or None)
        answer.raise_for_status()


def token_of(oracle: Oracle) -> str:
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": "c", "client_secret": "s"}
    return str(httpx.post(f"{oracle.url}/token", data=form, trust_env=False).json()["access_token"])


def times(hour: int, hours: int = 1) -> dict[str, Any]:
    start = NOON.replace(hour=hour)
    return {
        "start": {"dateTime": start.isoformat()},
        "end": {"dateTime": (start + timedelta(hours=hours)).isoformat()},
    }


async def test_busy_times_come_without_what_they_are_about(reader: GoogleBusy, oracle: Oracle) -> None:
    # DISC-06
    put(oracle, "dentist", summary="Secret", **times(9))
    put(oracle, "feast1", start={"date": "2026-12-03"}, end={"date": "2026-12-05"})
    put(oracle, "free00", transparency="transparent", **times(10))
    put(
        oracle,
        "declined",
        attendees=[{"email": "me@example.org", "self": True, "responseStatus": "declined"}],
        **times(11),
    )
    put(oracle, "lesson", extendedProperties={"private": {"halaqa_lesson": "x"}}, **times(13))
    put(oracle, "longago", start={"dateTime": "2025-01-01T00:00:00Z"}, end={"dateTime": "2025-01-01T01:00:00Z"})

    read = await reader.read(SECRET, "", WINDOW, "UTC")

    day = datetime(2026, 12, 3, tzinfo=UTC)
    found = sorted(part.slot for part in read.parts if part.slot is not None)
    assert found == [TimeSlot.lasting(NOON.replace(hour=9), 60), TimeSlot(day, day + timedelta(days=2))]
    assert read.whole
    assert "dentist" not in repr(read)
    assert "Secret" not in repr(oracle.admin("log")[-1].get("response", ""))


async def test_then_only_what_has_changed_is_read(reader: GoogleBusy, oracle: Oracle) -> None:
    put(oracle, "first1", **times(9))
    put(oracle, "second2", **times(11))
    whole = await reader.read(SECRET, "", WINDOW, "UTC")
    change(oracle, "first1", **times(14))
    change(oracle, "second2", "DELETE")

    read = await reader.read(SECRET, whole.cursor, WINDOW, "UTC")

    assert not read.whole
    assert sorted((part.slot is None) for part in read.parts) == [False, True]
    assert [part.slot for part in read.parts if part.slot] == [TimeSlot.lasting(NOON.replace(hour=14), 60)]
    assert {part.key for part in read.parts} == {part.key for part in whole.parts}


async def test_a_token_that_has_run_out_means_reading_it_whole(reader: GoogleBusy, oracle: Oracle) -> None:
    put(oracle, "first1", **times(9))

    read = await reader.read(SECRET, "no-such-token", WINDOW, "UTC")

    assert read.whole
    assert len(read.parts) == 1


async def test_a_qari_says_yes_at_googles_own_page(oracle: Oracle, client: httpx.AsyncClient) -> None:
    service, back_to = a_service(client, oracle.url), "https://school.example/qari/calendars/google/callback"
    consent = GoogleConsent(an_account(), service)
    leaving = consent.leave(back_to=back_to)

    answer = await client.get(leaving.address)
    told = parse_qs(urlsplit(answer.headers["location"]).query)
    secret = await consent.arrive(code=told["code"][0], verifier=leaving.verifier, back_to=back_to)

    assert told["state"] == [leaving.state]
    assert told["scope"] == [READ_EVENTS]
    reader = GoogleBusy(an_account(), service, OURS)
    assert (await reader.read(secret, "", WINDOW, "UTC")).whole
    await reader.forget(secret)


async def test_a_code_that_was_used_is_no_leave(oracle: Oracle, client: httpx.AsyncClient) -> None:
    consent = GoogleConsent(an_account(), a_service(client, oracle.url))

    with pytest.raises(AccessLost):
        await consent.arrive(code="4/old", verifier="v" * 48, back_to="https://school.example/x")


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_reading_that_fails_can_be_repeated(oracle: Oracle, client: httpx.AsyncClient, fault: Fault) -> None:
    put(oracle, "first1", **times(9))
    with faulty(oracle.url, hang_s=1.5) as line:
        reader = GoogleBusy(an_account(), a_service(client, line.url, ONCE), OURS)
        line.next(fault, "GET /calendar/v3/calendars/primary/events")

        with pytest.raises(GatewayUnavailable):
            await reader.read(SECRET, "", WINDOW, "UTC")

        assert len((await reader.read(SECRET, "", WINDOW, "UTC")).parts) == 1


async def test_a_provider_that_keeps_failing_is_left_alone(oracle: Oracle, client: httpx.AsyncClient) -> None:
    told: list[tuple[str, str]] = []
    patience = msgspec.structs.replace(ONCE, failures=2)

    guard = guard_of("school", MemoryBudget(), OF_A_USER, patience=patience, trouble=lambda *it: told.append(it))

    async def down() -> None:
        raise GatewayUnavailable("google", "down")

    for _ in range(2):
        with pytest.raises(GatewayUnavailable):
            await guard.run("GET events", down, repeatable=True)
    with pytest.raises(NotSent):
        await guard.run("GET events", down, repeatable=True)
    assert told == [("google/school", "opened")]
