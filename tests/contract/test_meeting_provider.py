"""What every provider of live classes promises; then what Jitsi's tokens say. (LIVE-01, LIVE-03, LIVE-08)"""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import jwt
import msgspec
import pytest
from cryptography.fernet import Fernet

from adapters.meetings.google_meet import GoogleMeetings
from adapters.meetings.jitsi import JitsiMeetings
from adapters.meetings.zoom.accounts import ZoomAccount
from adapters.meetings.zoom.client import ZoomClient
from adapters.meetings.zoom.meetings import ZoomMeetings
from adapters.outgoing.budget import MemoryBudget
from adapters.outgoing.guard import Guard
from adapters.persistence.cipher import FernetCipher
from domain.errors import Invalid
from domain.ids import MeetingHostId, UserId
from domain.scheduling.meeting_server import MeetingServer
from domain.time import TimeSlot
from fakes.clock import NOON
from fakes.meetings import FakeMeetings, ReversingCipher
from ports.cipher import CannotOpen, Cipher
from ports.scheduling.meetings import Host, MeetingProvider, MeetingRequest, Participant, RoomGone
from standins.zoom import zoom
from support.google import QUICK, a_service, an_account, no_wait
from support.oracles import Oracle, google_oracle

SECRET = "the application's secret, long enough for HS256"
SLOT = TimeSlot.lasting(NOON, 45)
QARI = Participant(user_id=UserId(UUID(int=3)), name="Bilal", leads=True)
LEARNER = Participant(user_id=UserId(UUID(int=1)), name="Amina", leads=False)


def jitsi(**changes: Any) -> JitsiMeetings:
    parts = {"base_url": "https://Meet.School.example/", "room_secret": "room secret", "app_id": "halaqa"}
    return JitsiMeetings(**{**parts, "app_secret": SECRET, **changes})


HOST = Host(id=MeetingHostId(UUID(int=7)), account="school", address="host-1@school.example")
LATER = TimeSlot.lasting(NOON + timedelta(hours=3), 30)
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("google meet", "zoom")]


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """A provider with its facts. ``counts``: how many classes there are, where somebody keeps them. ``tells``: whether
    it knows by itself that it was asked before; else the one who asks has to say ``again``. ``named``: whether the
    address shows the handle.
    """

    provider: MeetingProvider
    kept: Any = None
    tells: bool = True
    named: bool = True

    async def enter(self, room: str, who: Participant) -> str:
        return await self.provider.join_url(room, who, server=MeetingServer(), opens_at=SLOT.start, closes_at=SLOT.end)


@pytest.fixture(scope="module")
def google(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    with google_oracle(tmp_path_factory.mktemp("google")) as oracle:
        yield oracle


@contextmanager
def google_desk(oracle: Oracle, client: httpx.AsyncClient) -> Iterator[Desk]:
    oracle.admin("reset")
    yield Desk(
        provider=GoogleMeetings(an_account(), a_service(client, oracle.url), no_wait),
        kept=lambda: sum(_is_class(event) for event in _structs(oracle.admin("objects"))),
        named=False,
    )
    assert oracle.violations() == []


@contextmanager
def zoom_desk(client: httpx.AsyncClient) -> Iterator[Desk]:
    with zoom() as there:
        account, budget = msgspec.convert(there.account, ZoomAccount), MemoryBudget()
        guard = Guard("zoom/school", budget, patience=QUICK)
        api = f"{there.url}/v2"
        zooming = ZoomMeetings([ZoomClient(account, client, guard, budget, api=api, oauth=there.url)])
        yield Desk(provider=zooming, kept=lambda: len(there.meetings), tells=False, named=False)
        assert there.violations == []


def _structs(found: Any) -> Iterator[dict[str, Any]]:
    if isinstance(found, dict):
        yield found
    for value in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
        yield from _structs(value)


def _is_class(found: dict[str, Any]) -> bool:
    return found.get("kind") == "calendar#event" and found.get("status") != "cancelled"


@pytest.fixture(params=["fake", "jitsi", "jitsi without tokens", *SLOW])
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    """The real ones talk over the wire to a stand-in that notes whatever breaks its contract."""
    async with AsyncExitStack() as stack:
        match request.param:
            case "fake":
                yield Desk(provider=FakeMeetings())
            case "jitsi":
                yield Desk(provider=jitsi())
            case "jitsi without tokens":
                yield Desk(provider=jitsi(app_secret=""))
            case "google meet":
                client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=5))
                yield stack.enter_context(google_desk(request.getfixturevalue("google"), client))
            case _:
                client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=5))
                yield stack.enter_context(zoom_desk(client))


def a_request(number: int = 10, *, host: Host | None = None, again: bool = False) -> MeetingRequest:
    return MeetingRequest(
        lesson_id=UUID(int=number), slot=SLOT, qari_id=QARI.user_id, title="Lesson", host=host, again=again
    )


def asked_of(desk: Desk, number: int = 10, *, again: bool = False) -> MeetingRequest:
    return a_request(number, host=HOST if desk.provider.needs_host else None, again=again and not desk.tells)


async def test_asking_twice_gives_one_room(desk: Desk) -> None:  # LIVE-03
    rooms = [await desk.provider.create(asked_of(desk)), await desk.provider.create(asked_of(desk, again=True))]

    assert rooms[0] == rooms[1]
    assert desk.kept is None or desk.kept() == 1


async def test_each_lesson_has_a_room_of_its_own(desk: Desk) -> None:
    rooms = {await desk.provider.create(asked_of(desk, number)) for number in range(1, 10)}

    assert len(rooms) == 9
    assert all(len(room) >= 26 for room in rooms)  # 128 bits and more, in base 32


async def test_an_address_leads_to_the_room(desk: Desk) -> None:  # LIVE-01
    room = await desk.provider.create(asked_of(desk))

    for who in (QARI, LEARNER):
        url = await desk.enter(room, who)
        assert url.startswith("https://")
        assert room in url or not desk.named
        assert "Amina" not in room


async def test_two_lessons_lead_to_two_places(desk: Desk) -> None:
    one, other = [await desk.provider.create(asked_of(desk, number)) for number in (1, 2)]

    first, second = await desk.enter(one, LEARNER), await desk.enter(other, LEARNER)

    assert urlsplit(first).path != urlsplit(second).path


async def test_a_moved_lesson_keeps_its_room(desk: Desk) -> None:
    room = await desk.provider.create(asked_of(desk))
    before = urlsplit(await desk.enter(room, LEARNER)).path

    await desk.provider.move(room, LATER)

    assert urlsplit(await desk.enter(room, LEARNER)).path == before
    assert desk.kept is None or desk.kept() == 1


async def test_cancelling_twice_is_no_error(desk: Desk) -> None:
    room = await desk.provider.create(asked_of(desk))

    await desk.provider.cancel(room)
    await desk.provider.cancel(room)

    assert not (desk.kept and desk.kept())


async def test_what_is_gone_is_not_moved(desk: Desk) -> None:
    if desk.kept is None:
        return  # rooms without anybody who keeps them are never gone
    room = await desk.provider.create(asked_of(desk))
    await desk.provider.cancel(room)

    with pytest.raises(RoomGone):
        await desk.provider.move(room, LATER)


async def test_what_an_unheard_answer_left_is_taken_away(desk: Desk) -> None:
    await desk.provider.create(asked_of(desk))

    await desk.provider.withdraw(asked_of(desk))
    await desk.provider.withdraw(asked_of(desk))
    await desk.provider.withdraw(asked_of(desk, 77))

    assert not (desk.kept and desk.kept())


async def test_what_a_provider_calls_a_room_is_no_secret(desk: Desk) -> None:  # LIVE-09, LIVE-11
    room = await desk.provider.create(asked_of(desk))

    named, url = desk.provider.reference(room), await desk.enter(room, LEARNER)

    assert url not in named
    assert urlsplit(url).query not in named or not urlsplit(url).query


async def claims_of(participant: Participant, **changes: Any) -> tuple[str, dict[str, Any]]:
    provider = jitsi(**changes)
    room = await provider.create(a_request())
    url = await provider.join_url(room, participant, server=MeetingServer(), opens_at=SLOT.start, closes_at=SLOT.end)
    (token,) = parse_qs(urlsplit(url).query)["jwt"]
    options: Any = {"verify_exp": False, "verify_nbf": False}
    return room, jwt.decode(token, SECRET, algorithms=["HS256"], audience="jitsi", options=options)


async def test_the_token_is_for_this_room_this_time_and_this_server() -> None:
    room, claims = await claims_of(LEARNER)

    assert (claims["iss"], claims["sub"], claims["room"]) == ("halaqa", "meet.school.example", room)
    assert room == room.lower()
    assert not set(room) & set("?&:'\"%#. ")
    assert claims["nbf"] <= SLOT.start.timestamp()
    assert SLOT.end.timestamp() <= claims["exp"] <= (SLOT.end + timedelta(minutes=15)).timestamp()


async def test_the_qari_moderates_and_the_learner_does_not() -> None:
    _, leads = await claims_of(QARI)
    _, follows = await claims_of(LEARNER)

    assert leads["context"]["user"]["moderator"] == "true"
    assert follows["context"]["user"]["moderator"] == "false"


async def test_the_token_holds_text_and_no_id_of_ours() -> None:
    _, claims = await claims_of(LEARNER)

    user = claims["context"]["user"]
    assert all(isinstance(value, str) for value in user.values())
    assert LEARNER.user_id.hex not in str(claims)
    assert user["name"] == "Amina"


async def test_another_installation_has_other_rooms() -> None:
    assert await jitsi().create(a_request()) != await jitsi(room_secret="another").create(a_request())


@pytest.fixture(params=["fake", "fernet"])
def cipher(request: pytest.FixtureRequest) -> Cipher:
    return ReversingCipher() if request.param == "fake" else FernetCipher([Fernet.generate_key().decode()])


def test_what_is_sealed_can_be_opened_and_not_read(cipher: Cipher) -> None:  # LIVE-11
    sealed = cipher.seal("halaqa-room")

    assert b"halaqa-room" not in sealed
    assert cipher.open(sealed) == cipher.open(cipher.reseal(sealed)) == "halaqa-room"


def test_what_was_not_sealed_here_does_not_open(cipher: Cipher) -> None:
    with pytest.raises(CannotOpen):
        cipher.open(b"halaqa-room")


def test_keys_rotate_without_losing_what_the_old_ones_sealed() -> None:  # OPS-15
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    sealed = FernetCipher([old]).seal("halaqa-room")

    resealed = FernetCipher([new, old]).reseal(sealed)

    assert FernetCipher([new, old]).open(sealed) == "halaqa-room"
    assert FernetCipher([new]).open(resealed) == "halaqa-room"
    with pytest.raises(CannotOpen):
        FernetCipher([new]).open(sealed)


async def test_a_school_may_hold_its_classes_on_a_server_of_its_own() -> None:
    # ADM-06
    provider, own = jitsi(), MeetingServer(server_url="https://classes.school.example")
    room = await provider.create(a_request())

    signed = await provider.join_url(room, LEARNER, server=own, opens_at=SLOT.start, closes_at=SLOT.end)
    (token,) = parse_qs(urlsplit(signed).query)["jwt"]
    claims = jwt.decode(token, options={"verify_signature": False})
    bare = await provider.join_url(
        room,
        LEARNER,
        server=MeetingServer(server_url="https://open.example/", tokens=False),
        opens_at=SLOT.start,
        closes_at=SLOT.end,
    )

    assert signed.startswith(f"https://classes.school.example/{room}?")
    assert claims["sub"] == "classes.school.example"
    assert bare == f"https://open.example/{room}"


@pytest.mark.parametrize(
    "address",
    ["http://meet.example", "javascript:alert(1)", "https://", "https://a:b@meet.example", "https://m.example/?x"],
)
def test_what_is_no_server_is_refused(address: str) -> None:
    with pytest.raises(Invalid):
        MeetingServer(server_url=address)
