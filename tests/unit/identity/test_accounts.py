"""Register, prove the address, sign in and out."""

import pytest

from application.identity.authenticate import Authenticate, WrongDoor
from application.identity.register import Register, RegisterCommand
from application.identity.resend_verification import AlreadyVerified, ResendVerification
from application.identity.sign_in import Admitted, BadCredentials, SignInCommand
from application.identity.verify_email import MintVerification, VerifyEmail
from domain.errors import Invalid, NotFound, NotPermitted
from domain.identity.actor import Actor
from domain.identity.events import EmailVerified, UserRegistered, VerificationRequested
from domain.identity.password import WeakPassword, require_good_password
from domain.identity.permission import Audience, Role
from domain.identity.session import ACCESS_LIFETIME, Ending, LinkExpired, LinkUsed, hash_token
from domain.identity.user import AccountStatus, EmailTaken
from domain.ids import EventId
from fakes.clock import FixedClock
from fakes.doors import Cases
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


class House:
    """All use cases over one store."""

    def __init__(self, clock: FixedClock) -> None:
        self.store, self.clock, self.hasher = IdentityStore(), clock, PlainHasher()
        units = identity_units(self.store)
        self.new_id = SequentialIds()
        self.register = Register(units, clock, self.new_id, self.hasher)
        throttle, devices = MemoryThrottle(clock), MemoryDevices(self.store)
        self.main, self.admin = (
            Cases(audience, units, clock, self.new_id, self.hasher, throttle, devices)
            for audience in (Audience.MAIN, Audience.ADMIN)
        )
        self.sign_out = self.main.sign_out
        self.mint = MintVerification(units, clock, "secret")
        self.verify = VerifyEmail(units, clock, self.main.cache)
        self.resend = ResendVerification(units, clock)
        self.authenticate = Authenticate(Audience.MAIN, MemorySessionQueries(self.store), clock)
        self.authenticate_staff = Authenticate(Audience.ADMIN, MemorySessionQueries(self.store), clock)

    async def sign_in(self, command: SignInCommand) -> Admitted:
        admitted = await self.main.sign_in(command)
        assert isinstance(admitted, Admitted)
        return admitted


@pytest.fixture
def house(clock: FixedClock) -> House:
    return House(clock)


def a_command(
    email: str = "Maryam@Example.org", password: str = GOOD_PASSWORD, role: Role = Role.STUDENT
) -> RegisterCommand:
    return RegisterCommand(email=email, password=password, name="  Maryam   Khan ", zone="Asia/Karachi", role=role)


async def test_registering_makes_an_account_and_says_so(house: House) -> None:
    # ID-01
    user = await house.register(a_command())

    assert house.store.users[user.id].email == "Maryam@Example.org"
    assert user.name == "Maryam Khan"
    assert house.store.outbox == [UserRegistered(user_id=user.id, at=house.clock.now())]
    assert user.password_hash == f"hash of {GOOD_PASSWORD}"


async def test_an_address_is_one_whatever_its_letter_case(house: House) -> None:
    # ID-01
    await house.register(a_command("maryam@example.org"))

    with pytest.raises(EmailTaken):
        await house.register(a_command(" MARYAM@example.ORG "))


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER, Role.SUPPORT])
async def test_nobody_makes_himself_staff(house: House, role: Role) -> None:
    with pytest.raises(Invalid, match="not made by oneself"):
        await house.register(a_command(role=role))


@pytest.mark.parametrize("email", ["", "maryam", "a@b", "a b@example.org", "a@b@c.org", "x\n@example.org", "a" * 300])
async def test_an_address_must_be_one(house: House, email: str) -> None:
    with pytest.raises(Invalid):
        await house.register(a_command(email))


@pytest.mark.parametrize(
    "password", ["short", "password123", "Bismillah786", "aaaaaaaaaaaa", "MaryamKhan1", "maryam@example.org", "x" * 201]
)
def test_passwords_that_anybody_would_try_are_refused(password: str) -> None:
    # ID-01
    with pytest.raises(WeakPassword):
        require_good_password(password, email="maryam@example.org", name="Maryam Khan")


@pytest.mark.parametrize("password", [GOOD_PASSWORD, "السلام عليكم ورحمة", "kP9#vb2!xQ"])
def test_long_and_unusual_passwords_are_welcome_in_any_script(password: str) -> None:
    assert require_good_password(password, email="maryam@example.org", name="Maryam Khan")


async def test_a_session_is_kept_as_a_hash_and_opens_the_door_it_was_made_for(house: House) -> None:
    # ID-05, ID-07
    user = await house.register(a_command())

    admitted = await house.sign_in(SignInCommand(email="maryam@EXAMPLE.org", password=GOOD_PASSWORD))

    assert admitted.token.startswith("hm_")
    assert admitted.refresh_token is not None
    assert set(house.store.tokens) == {hash_token(admitted.token), hash_token(admitted.refresh_token)}
    found = await house.authenticate(admitted.token)
    assert found is not None
    assert (found.user_id, found.role) == (user.id, Role.STUDENT)
    with pytest.raises(WrongDoor):
        await house.authenticate_staff(admitted.token)


async def test_one_refusal_for_all_reasons_and_the_same_work(house: House) -> None:
    # ID-01, ID-14
    house.store.users = {u.id: u for u in (a_user(), a_user(number=2, status=AccountStatus.BLOCKED))}

    said = set()
    for email, password in (
        ("nobody@example.org", GOOD_PASSWORD),
        ("maryam1@example.org", "a wrong password"),
        ("maryam2@example.org", GOOD_PASSWORD),
    ):
        with pytest.raises(BadCredentials) as refusal:
            await house.sign_in(SignInCommand(email=email, password=password))
        said.add((refusal.value.code, refusal.value.message))

    assert len(said) == 1
    assert len(house.hasher.verified) == 3


async def test_somebody_without_a_role_behind_a_door_does_not_pass_it(house: House) -> None:
    # ID-07
    house.store.users = {u.id: u for u in (a_user(), a_user(number=2, roles=frozenset({Role.SUPPORT})))}

    with pytest.raises(WrongDoor):
        await house.admin.sign_in(SignInCommand(email="maryam1@example.org", password=GOOD_PASSWORD))
    with pytest.raises(WrongDoor):
        await house.sign_in(SignInCommand(email="maryam2@example.org", password=GOOD_PASSWORD))


async def test_a_session_ends_by_time_by_sign_out_and_by_block_and_changes_with_the_roles(house: House) -> None:
    # ID-07, ID-09, ID-11
    user = a_user(roles=frozenset({Role.QARI}))

    async def a_token() -> str:
        house.store.users = {user.id: user}
        return (await house.sign_in(SignInCommand(email=str(user.email), password=GOOD_PASSWORD))).token

    token = await a_token()
    person = await house.authenticate(token)
    assert person is not None
    await house.sign_out(person.session_id)
    assert await house.authenticate(token) is None
    assert house.store.sessions[person.session_id].ended_because is Ending.SIGNED_OUT

    token = await a_token()
    house.store.users = {user.id: a_user(status=AccountStatus.BLOCKED, roles=user.roles)}
    assert await house.authenticate(token) is None

    token = await a_token()
    house.store.users = {user.id: a_user(roles=frozenset({Role.STUDENT}))}
    demoted = await house.authenticate(token)
    assert demoted is not None
    assert demoted.role is Role.STUDENT  # ID-09
    house.store.users = {user.id: a_user(roles=frozenset({Role.SUPPORT}))}
    gone = await house.authenticate(token)
    assert gone is not None
    assert not gone.actor().permissions

    token = await a_token()
    house.clock.advance(ACCESS_LIFETIME)
    assert await house.authenticate(token) is None


async def test_an_old_hash_is_made_stronger_on_the_way_in(house: House) -> None:
    user = a_user(password_hash=f"old hash of {GOOD_PASSWORD}")
    house.store.users = {user.id: user}

    await house.sign_in(SignInCommand(email=user.email, password=GOOD_PASSWORD))

    assert house.store.users[user.id].password_hash == f"hash of {GOOD_PASSWORD}"


async def test_a_link_is_good_once(house: House) -> None:
    # ID-01
    user = await house.register(a_command())
    event = EventId(house.new_id())
    token = await house.mint(event, user.id)

    verified = await house.verify(token)

    assert verified.email_verified_at == house.clock.now()
    assert EmailVerified(user_id=user.id, at=house.clock.now()) in house.store.outbox
    with pytest.raises(LinkUsed):
        await house.verify(token)


async def test_the_same_mail_written_twice_carries_one_link(house: House) -> None:
    user = await house.register(a_command())
    event = EventId(house.new_id())

    assert await house.mint(event, user.id) == await house.mint(event, user.id)
    assert await house.mint(EventId(house.new_id()), user.id) != await house.mint(event, user.id)


async def test_a_link_ends_and_an_invented_one_is_not_there(house: House) -> None:
    user = await house.register(a_command())
    token = await house.mint(EventId(house.new_id()), user.id)
    house.clock.advance(days=3)

    with pytest.raises(LinkExpired):
        await house.verify(token)
    with pytest.raises(NotFound):
        await house.verify("invented")


async def test_another_link_is_mailed_until_the_address_is_proven(house: House) -> None:
    user = await house.register(a_command())
    actor = Actor(user_id=user.id, role=Role.STUDENT, audience=Audience.MAIN)

    await house.resend(actor)

    assert house.store.outbox[-1] == VerificationRequested(user_id=user.id, at=house.clock.now())
    await house.verify(await house.mint(EventId(house.new_id()), user.id))
    with pytest.raises(AlreadyVerified):
        await house.resend(actor)
    with pytest.raises(NotPermitted):
        await house.resend(Actor(user_id=user.id, role=Role.OWNER, audience=Audience.MAIN))
