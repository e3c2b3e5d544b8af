"""Signing in through another provider: who is joined to which account, and who is not."""

from datetime import timedelta

import msgspec
import pytest
from cryptography.fernet import Fernet

from adapters.oidc_settings import read_providers
from adapters.persistence.cipher import FernetCipher
from application.identity.admit import SecondFactorNeeded
from application.identity.confirm_self import ConfirmSelf
from application.identity.open_session import Admitted
from application.identity.see_security import LastWayIn, UnlinkProvider
from application.identity.sign_in import BadCredentials, SignInCommand
from application.identity.sign_in_by_provider import (
    Arrived,
    DepartToProvider,
    NoAccountHere,
    Return,
    SignInByProvider,
)
from domain.errors import NotFound, NotSignedIn
from domain.identity.actor import Actor
from domain.identity.permission import Audience, Role
from domain.identity.provider import AddressNotProven, BadState, ProviderRefused
from domain.identity.session import Factor
from domain.identity.totp import Authenticator
from fakes.clock import NOON, FixedClock
from fakes.doors import Cases
from fakes.identity import GOOD_PASSWORD, IdentityStore, MemoryDevices, PlainHasher, a_user, identity_units
from fakes.ids import SequentialIds
from fakes.providers import FakeProviders
from fakes.throttle import MemoryThrottle

BACK = "https://school.example/sign-in/with/google/callback"


class Door:
    def __init__(self, clock: FixedClock, store: IdentityStore, audience: Audience = Audience.MAIN) -> None:
        self.store, self.clock, self.units = store, clock, identity_units(store)
        self.there = FakeProviders("google", "facebook")
        self.hasher, throttle = PlainHasher(), MemoryThrottle(clock)
        cipher, new_id = FernetCipher([Fernet.generate_key().decode()]), SequentialIds(1000)
        self.cases = Cases(audience, self.units, clock, new_id, self.hasher, throttle, MemoryDevices(store))
        self.depart = DepartToProvider(clock, cipher, self.there)
        self.arrive = SignInByProvider(
            self.units, clock, new_id, audience, cipher, self.there, self.cases.admit, self.cases.cache
        )
        self.unlink = UnlinkProvider(self.units, clock, ConfirmSelf(self.units, clock, self.hasher, cipher, throttle))

    async def back(self, **changes: str) -> Return:
        left = await self.depart("google", back_to=BACK, next="/portal/lessons")
        back = Return(
            provider="google",
            flow=left.flow,
            state="state of google",
            code="good",
            back_to=BACK,
            zone="Asia/Karachi",
            locale="en",
        )
        return msgspec.structs.replace(back, **changes)

    async def sign_in(self) -> Arrived:
        return await self.arrive(await self.back())

    async def store_user(self, **given: object) -> None:
        async with self.units() as unit:
            await unit.users.add(a_user(**given))
            await unit.commit()


@pytest.fixture
def door(clock: FixedClock) -> Door:
    return Door(clock, IdentityStore())


async def test_a_proven_address_joins_the_account_there_is(door: Door) -> None:
    # ID-02
    await door.store_user(email_verified_at=NOON)

    arrived = await door.sign_in()

    assert isinstance(arrived.outcome, Admitted)
    assert arrived.outcome.user.id == a_user().id
    assert arrived.next == "/portal/lessons"
    assert len(door.store.users) == 1
    assert next(iter(door.store.sessions.values())).factors == (Factor.PROVIDER,)


async def test_an_unproven_address_joins_nothing(door: Door) -> None:
    # ID-02
    await door.store_user(email_verified_at=NOON)
    door.there.profile = msgspec.structs.replace(door.there.profile, email_verified=False)

    with pytest.raises(AddressNotProven):
        await door.sign_in()

    assert not door.store.sessions
    assert not door.store.shelf("linked_identities")


async def test_afterwards_the_person_is_known_whatever_his_address_there(door: Door) -> None:
    await door.store_user(email_verified_at=NOON)
    await door.sign_in()

    changed = msgspec.structs.replace(door.there.profile, email="other@example.org", email_verified=False)
    door.there.profile = changed
    arrived = await door.sign_in()

    assert isinstance(arrived.outcome, Admitted)
    assert arrived.outcome.user.id == a_user().id


async def test_a_newcomer_gets_an_account_without_a_password(door: Door) -> None:
    arrived = await door.sign_in()

    assert isinstance(arrived.outcome, Admitted)
    user = arrived.outcome.user
    assert (user.name, user.zone, user.password_hash) == ("Maryam Khan", "Asia/Karachi", "")
    assert user.email_verified_at is not None
    with pytest.raises(BadCredentials):
        await door.cases.sign_in(SignInCommand(email=user.email, password=""))


async def test_whoever_claimed_the_address_before_without_proof_is_out(door: Door) -> None:
    # ID-02: an account made with somebody else's address is no way into his later one
    await door.store_user()
    async with door.units() as unit:
        app = Authenticator(user_id=a_user().id, sealed=b"", created_at=NOON)
        await unit.factors.save_authenticator(app)
        await unit.commit()
    await door.cases.open_session(a_user(), factors=(Factor.PASSWORD,))

    arrived = await door.sign_in()

    assert isinstance(arrived.outcome, Admitted)
    assert [session.ended_at is None for session in door.store.sessions.values()] == [False, True]
    assert not door.store.shelf("authenticators")
    with pytest.raises(BadCredentials):
        await door.cases.sign_in(SignInCommand(email=a_user().email, password=GOOD_PASSWORD))


@pytest.mark.parametrize(
    "changes", [{"state": "another"}, {"state": ""}, {"flow": ""}, {"flow": "made up"}, {"provider": "facebook"}]
)
async def test_a_return_that_this_browser_did_not_begin_is_refused(door: Door, changes: dict[str, str]) -> None:
    # ID-02
    with pytest.raises(BadState):
        await door.arrive(await door.back(**changes))


async def test_a_return_comes_within_ten_minutes_and_with_a_good_code(door: Door) -> None:
    back = await door.back()
    door.clock.advance(timedelta(minutes=11))
    with pytest.raises(BadState):
        await door.arrive(back)
    for code in ("", "bad"):
        with pytest.raises(ProviderRefused):
            await door.arrive(await door.back(code=code))
    with pytest.raises(NotFound):
        await door.depart("myspace", back_to=BACK)


async def test_the_second_factor_is_asked_for_here_too(door: Door) -> None:
    # ID-10
    await door.store_user(email_verified_at=NOON)
    async with door.units() as unit:
        app = Authenticator(user_id=a_user().id, sealed=b"", created_at=NOON, confirmed_at=NOON)
        await unit.factors.save_authenticator(app)
        await unit.commit()

    assert isinstance((await door.sign_in()).outcome, SecondFactorNeeded)


async def test_staff_accounts_are_not_made_this_way_and_blocked_ones_not_opened(clock: FixedClock) -> None:
    office = Door(clock, IdentityStore(), Audience.ADMIN)
    with pytest.raises(NoAccountHere):
        await office.sign_in()

    main = Door(clock, IdentityStore())
    blocked, _ = a_user(email_verified_at=NOON).block(at=NOON)
    async with main.units() as unit:
        await unit.users.add(blocked)
        await unit.commit()
    with pytest.raises(NotSignedIn):
        await main.sign_in()


async def test_the_last_way_in_stays_open(door: Door) -> None:
    arrived = await door.sign_in()
    assert isinstance(arrived.outcome, Admitted)
    actor = Actor(user_id=arrived.outcome.user.id, role=Role.STUDENT, audience=Audience.MAIN)

    with pytest.raises(LastWayIn):
        await door.unlink(actor, "google", "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "JSON"),
        ('[{"name": "google", "client_id": "a"}]', "client_secret"),
        ('[{"name": "google", "client_id": "a", "client_secret": ""}]', "secret of google"),
        ('[{"name": "Go!", "client_id": "a", "client_secret": "b"}]', "small letters"),
        ('[{"name": "other", "client_id": "a", "client_secret": "b"}]', "issuer of other"),
        ('[{"name": "other", "client_id": "a", "client_secret": "b", "issuer": "http://x.example"}]', "https"),
        ('[{"name": "google", "client_id": "a", "client_secret": "hush"}, '
         '{"name": "google", "client_id": "a", "client_secret": "hush"}]', "twice"),
    ],
)  # fmt: skip
def test_a_list_of_providers_that_does_not_fit_says_why(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as told:
        read_providers(text)
    assert "hush" not in str(told.value)


def test_google_and_facebook_are_known_by_name() -> None:
    keys = '"client_id": "a", "client_secret": "b"'

    google, facebook = read_providers(f'[{{"name": "google", {keys}}}, {{"name": "facebook", {keys}}}]')

    assert (google.label, google.issuer) == ("Google", "https://accounts.google.com")
    assert facebook.token_endpoint.startswith("https://graph.facebook.com/")
    assert read_providers("") == ()
