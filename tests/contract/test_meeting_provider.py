"""What every provider of live classes promises; then what Jitsi's tokens say. (LIVE-03, LIVE-08)"""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import jwt
import pytest
from cryptography.fernet import Fernet

from adapters.meetings.jitsi import JitsiMeetings
from adapters.persistence.cipher import FernetCipher
from domain.errors import Invalid
from domain.ids import UserId
from domain.scheduling.meeting_server import MeetingServer
from domain.time import TimeSlot
from fakes.clock import NOON
from fakes.meetings import FakeMeetings, ReversingCipher
from ports.cipher import CannotOpen, Cipher
from ports.scheduling.meetings import MeetingProvider, MeetingRequest, Participant

SECRET = "the application's secret, long enough for HS256"
SLOT = TimeSlot.lasting(NOON, 45)
QARI = Participant(user_id=UserId(UUID(int=3)), name="Bilal", leads=True)
LEARNER = Participant(user_id=UserId(UUID(int=1)), name="Amina", leads=False)


def jitsi(**changes: Any) -> JitsiMeetings:
    parts = {"base_url": "https://Meet.School.example/", "room_secret": "room secret", "app_id": "halaqa"}
    return JitsiMeetings(**{**parts, "app_secret": SECRET, **changes})


@pytest.fixture(params=["fake", "jitsi", "jitsi without tokens"])
def provider(request: pytest.FixtureRequest) -> MeetingProvider:
    if request.param == "fake":
        return FakeMeetings()
    return jitsi() if request.param == "jitsi" else jitsi(app_secret="")


def a_request(number: int = 10) -> MeetingRequest:
    return MeetingRequest(lesson_id=UUID(int=number), slot=SLOT, qari_id=QARI.user_id, title="Lesson")


async def test_asking_twice_gives_one_room(provider: MeetingProvider) -> None:
    assert await provider.create(a_request()) == await provider.create(a_request())


async def test_each_lesson_has_a_room_of_its_own(provider: MeetingProvider) -> None:
    rooms = {await provider.create(a_request(number)) for number in range(1, 50)}

    assert len(rooms) == 49
    assert all(len(room) >= 26 for room in rooms)  # 128 bits and more, in base 32


async def test_an_address_leads_to_the_room(provider: MeetingProvider) -> None:
    room = await provider.create(a_request())

    url = await provider.join_url(room, LEARNER, server=MeetingServer(), opens_at=SLOT.start, closes_at=SLOT.end)

    assert url.startswith("https://")
    assert room in url


async def test_cancelling_twice_is_no_error(provider: MeetingProvider) -> None:
    room = await provider.create(a_request())

    await provider.cancel(room)
    await provider.cancel(room)


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
