"""Signing in with a second step: what is asked for, what opens, and what never opens twice."""

from datetime import timedelta

import msgspec
import pyotp
import pytest
from cryptography.fernet import Fernet

from adapters.passkeys import WebAuthn
from adapters.persistence.cipher import FernetCipher
from application.identity.admit import SecondFactorNeeded
from application.identity.confirm_self import BadProof, ConfirmSelf
from application.identity.open_session import Admitted
from application.identity.passkeys import AddPasskey, RemovePasskey, SignInByPasskey
from application.identity.prove_second_factor import ProveSecondFactor, SeeSecondFactor
from application.identity.reset_factors import ResetFactors, ResetFactorsCommand
from application.identity.second_factor import BadCode
from application.identity.see_security import SeeSecurity
from application.identity.set_up_totp import AlreadyOn, NeededHere, SetUpTotp, WrongFirstCode
from application.identity.sign_in import SignInCommand
from domain.booking.policy import PolicyRow
from domain.errors import Invalid, NotFound, NotPermitted, TooMany
from domain.identity.actor import Actor
from domain.identity.challenge import TRIES, ChallengeEnded
from domain.identity.permission import Audience, Role
from domain.identity.security_policy import SECURITY_POLICY, SecurityPolicy
from domain.identity.session import Factor
from domain.identity.user import User
from fakes.clock import FixedClock
from fakes.doors import Cases
from fakes.identity import GOOD_PASSWORD, IdentityStore, MemoryDevices, PlainHasher, a_user, identity_units
from fakes.ids import SequentialIds
from fakes.passkey import SoftPasskey
from fakes.throttle import MemoryThrottle
from ports.identity.passkeys import BadPasskeyAnswer, Site

SITE = Site("Halaqa", "school.example", "https://school.example")


class Door:
    """Everything about getting in, over one store."""

    def __init__(self, clock: FixedClock, store: IdentityStore, audience: Audience = Audience.MAIN) -> None:
        self.clock, self.store = clock, store
        self.units = identity_units(store)
        hasher, throttle, ceremonies = PlainHasher(), MemoryThrottle(clock), WebAuthn()
        cipher, new_id = FernetCipher([Fernet.generate_key().decode()]), SequentialIds(1000)
        cases = Cases(audience, self.units, clock, new_id, hasher, throttle, MemoryDevices(store))
        self.cases, self.cache = cases, cases.cache
        confirm = ConfirmSelf(self.units, clock, hasher, cipher, throttle)
        self.see = SeeSecondFactor(self.units, clock, audience, cipher, ceremonies)
        self.prove = ProveSecondFactor(self.units, clock, audience, cipher, ceremonies, throttle, cases.open_session)
        self.totp = SetUpTotp(self.units, clock, cipher, confirm)
        self.add_passkey = AddPasskey(self.units, clock, new_id, audience, ceremonies, confirm)
        self.remove_passkey = RemovePasskey(self.units, clock, confirm)
        self.by_passkey = SignInByPasskey(self.units, clock, audience, ceremonies, cases.open_session)
        self.security = SeeSecurity(self.units, clock)
        self.reset = ResetFactors(self.units, clock, cases.cache)

    async def person(self, *roles: Role) -> User:
        user = a_user(roles=frozenset(roles or {Role.STUDENT}))
        async with self.units() as unit:
            await unit.users.add(user)
            await unit.commit()
        return user

    async def asks(self, *roles: Role) -> None:
        """The school forces a second factor on these roles."""
        body = msgspec.json.encode(SecurityPolicy(second_factor_roles=roles)).decode()
        row = PolicyRow(kind=SECURITY_POLICY, version=1, body=body, effective_from=self.clock.now(), created_by=None)
        async with self.units() as unit:
            await unit.policies.add(row)
            await unit.commit()

    async def sign_in(self, user: User) -> Admitted | SecondFactorNeeded:
        return await self.cases.sign_in(SignInCommand(email=user.email, password=GOOD_PASSWORD))

    async def half(self, user: User) -> str:
        needed = await self.sign_in(user)
        assert isinstance(needed, SecondFactorNeeded)
        return needed.challenge

    async def with_app(self, user: User) -> tuple[pyotp.TOTP, tuple[str, ...]]:
        offer = await self.totp.begin(actor_of(user), GOOD_PASSWORD, school="Halaqa")
        app = pyotp.TOTP(offer.secret)
        codes = await self.totp.confirm(actor_of(user), app.at(self.clock.now()))
        self.clock.advance(timedelta(minutes=2))
        return app, codes

    async def with_passkey(self, user: User, passkey: SoftPasskey) -> tuple[str, ...]:
        asked = await self.add_passkey.ask(actor_of(user), GOOD_PASSWORD, SITE)
        answer = passkey.make(asked.options)
        return await self.add_passkey.add(actor_of(user), asked.challenge, answer, "My phone", SITE)


def actor_of(user: User, audience: Audience = Audience.MAIN) -> Actor:
    role = user.role_at(audience)
    assert role is not None
    return Actor(user_id=user.id, role=role, audience=audience)


@pytest.fixture
def door(clock: FixedClock) -> Door:
    return Door(clock, IdentityStore())


async def test_without_a_second_factor_the_password_is_enough(door: Door) -> None:
    user = await door.person()

    assert isinstance(await door.sign_in(user), Admitted)


async def test_with_an_app_the_password_alone_opens_nothing(door: Door) -> None:
    # ID-10
    user = await door.person()
    app, _ = await door.with_app(user)

    needed = await door.sign_in(user)

    assert isinstance(needed, SecondFactorNeeded)
    assert needed.factors == (Factor.TOTP, Factor.RECOVERY_CODE)
    assert not door.store.sessions
    proven = await door.prove.by_code(needed.challenge, app.at(door.clock.now()))
    session = next(iter(door.store.sessions.values()))
    assert session.factors == (Factor.PASSWORD, Factor.TOTP)
    assert proven.admitted.session_id == session.id


async def test_a_code_is_not_good_twice(door: Door) -> None:
    # ID-10
    user = await door.person()
    app, _ = await door.with_app(user)
    code = app.at(door.clock.now())
    await door.prove.by_code(await door.half(user), code)

    with pytest.raises(BadCode):
        await door.prove.by_code(await door.half(user), code)


async def test_a_recovery_code_opens_once(door: Door) -> None:
    # ID-10
    user = await door.person()
    _, codes = await door.with_app(user)

    await door.prove.by_code(await door.half(user), codes[0].upper())
    with pytest.raises(BadCode):
        await door.prove.by_code(await door.half(user), codes[0])

    seen = await door.security(actor_of(user))
    assert seen.recovery_codes_left == len(codes) - 1


async def test_a_challenge_is_used_up_by_success_by_five_mistakes_and_by_time(door: Door) -> None:
    user = await door.person()
    app, _ = await door.with_app(user)
    used = await door.half(user)
    await door.prove.by_code(used, app.at(door.clock.now()))
    with pytest.raises(ChallengeEnded):
        await door.prove.by_code(used, "000000")

    tried = await door.half(user)
    for _ in range(TRIES):
        with pytest.raises(BadCode):
            await door.prove.by_code(tried, "000000")
    door.clock.advance(timedelta(minutes=1))
    with pytest.raises(ChallengeEnded):
        await door.prove.by_code(tried, app.at(door.clock.now()))

    old = await door.half(user)
    door.clock.advance(timedelta(minutes=11))
    with pytest.raises(ChallengeEnded):
        await door.prove.by_code(old, app.at(door.clock.now()))


async def test_new_challenges_bring_no_more_guesses(door: Door) -> None:
    # ID-14
    user = await door.person()
    app, _ = await door.with_app(user)
    for _ in range(2):
        token = await door.half(user)
        for _ in range(TRIES):
            with pytest.raises(BadCode):
                await door.prove.by_code(token, "000000")

    with pytest.raises(TooMany):
        await door.prove.by_code(await door.half(user), app.at(door.clock.now()))

    door.clock.advance(timedelta(minutes=16))
    await door.prove.by_code(await door.half(user), app.at(door.clock.now()))


async def test_a_challenge_of_one_door_is_none_at_the_other(door: Door) -> None:
    # ID-07
    user = await door.person(Role.STUDENT, Role.SUPPORT)
    app, _ = await door.with_app(user)
    other = Door(door.clock, door.store, Audience.ADMIN)

    with pytest.raises(ChallengeEnded):
        await other.prove.by_code(await door.half(user), app.at(door.clock.now()))


async def test_who_is_blocked_between_the_two_steps_stays_outside(door: Door) -> None:
    # ID-11
    user = await door.person()
    app, _ = await door.with_app(user)
    token = await door.half(user)
    async with door.units() as unit:
        blocked, _ = (await unit.users.get(user.id)).block(at=door.clock.now())
        await unit.users.save(blocked)
        await unit.commit()

    with pytest.raises(ChallengeEnded):
        await door.prove.by_code(token, app.at(door.clock.now()))


async def test_where_the_school_asks_for_one_it_is_set_up_on_the_way_in(door: Door) -> None:
    # ID-10
    user = await door.person()
    await door.asks(Role.STUDENT)

    needed = await door.sign_in(user)

    assert isinstance(needed, SecondFactorNeeded)
    assert needed.enroll
    pending = await door.see(needed.challenge, SITE)
    again = await door.see(needed.challenge, SITE)
    assert pending.offer is not None
    assert pending.offer == again.offer
    with pytest.raises(BadCode):
        await door.prove.by_code(needed.challenge, "000000")
    proven = await door.prove.by_code(needed.challenge, pyotp.TOTP(pending.offer.secret).at(door.clock.now()))
    assert len(proven.recovery_codes) == 10
    assert (await door.security(actor_of(user))).totp


async def test_a_policy_about_staff_asks_at_their_door_alone(door: Door) -> None:
    user = await door.person(Role.STUDENT, Role.ADMIN)
    await door.asks(Role.ADMIN)
    office = Door(door.clock, door.store, Audience.ADMIN)

    assert isinstance(await door.sign_in(user), Admitted)
    assert isinstance(await office.sign_in(user), SecondFactorNeeded)


async def test_the_last_factor_stays_where_the_school_asks_for_one(door: Door) -> None:
    user = await door.person()
    await door.with_app(user)
    await door.asks(Role.STUDENT)

    with pytest.raises(NeededHere):
        await door.totp.remove(actor_of(user), GOOD_PASSWORD)

    await door.with_passkey(user, SoftPasskey(SITE.origin))
    await door.totp.remove(actor_of(user), GOOD_PASSWORD)


async def test_the_secret_is_kept_sealed_and_changes_need_the_password_or_a_code(door: Door) -> None:
    user = await door.person()
    with pytest.raises(BadProof):
        await door.totp.begin(actor_of(user), "a wrong guess", school="Halaqa")
    offer = await door.totp.begin(actor_of(user), GOOD_PASSWORD, school="Halaqa")
    with pytest.raises(WrongFirstCode):
        await door.totp.confirm(actor_of(user), "000000")
    app = pyotp.TOTP(offer.secret)
    await door.totp.confirm(actor_of(user), app.at(door.clock.now()))
    kept = door.store.shelf("authenticators")[user.id]
    assert offer.secret.encode() not in kept.sealed
    with pytest.raises(AlreadyOn):
        await door.totp.begin(actor_of(user), GOOD_PASSWORD, school="Halaqa")

    door.clock.advance(timedelta(minutes=1))
    await door.totp.remove(actor_of(user), app.at(door.clock.now()))

    assert isinstance(await door.sign_in(user), Admitted)
    assert [act.action for act in door.store.acts] == ["identity.totp_on", "identity.totp_off"]


async def test_who_looks_through_somebodys_eyes_does_not_see_the_secret(door: Door) -> None:
    # ID-20
    user = await door.person()
    await door.totp.begin(actor_of(user), GOOD_PASSWORD, school="Halaqa")
    watcher = msgspec.structs.replace(actor_of(user), impersonator=a_user(number=9).id)

    with pytest.raises(NotFound):
        await door.totp.see(watcher, school="Halaqa")


async def test_a_passkey_signs_in_alone(door: Door) -> None:
    user, passkey = await door.person(), SoftPasskey(SITE.origin)
    codes = await door.with_passkey(user, passkey)

    asked = await door.by_passkey.ask(SITE)
    admitted = await door.by_passkey(asked.challenge, passkey.sign(asked.options), SITE)

    assert len(codes) == 10
    assert admitted.user.id == user.id
    assert next(iter(door.store.sessions.values())).factors == (Factor.PASSKEY,)
    with pytest.raises(ChallengeEnded):
        await door.by_passkey(asked.challenge, passkey.sign(asked.options), SITE)


async def test_a_passkey_alone_has_to_know_its_owner(door: Door) -> None:
    user, passkey = await door.person(), SoftPasskey(SITE.origin, verifies=False)
    await door.with_passkey(user, passkey)
    asked = await door.by_passkey.ask(SITE)

    with pytest.raises(BadPasskeyAnswer):
        await door.by_passkey(asked.challenge, passkey.sign(asked.options), SITE)

    token = await door.half(user)
    pending = await door.see(token, SITE)
    assert pending.passkey is not None
    await door.prove.by_passkey(token, passkey.sign(pending.passkey), SITE)
    assert next(iter(door.store.sessions.values())).factors == (Factor.PASSWORD, Factor.PASSKEY)


async def test_a_passkey_for_another_site_or_of_somebody_else_opens_nothing(door: Door) -> None:
    user, passkey = await door.person(), SoftPasskey(SITE.origin)
    await door.with_passkey(user, passkey)

    asked = await door.by_passkey.ask(SITE)
    passkey.origin = "https://phishing.example"
    with pytest.raises(BadPasskeyAnswer):
        await door.by_passkey(asked.challenge, passkey.sign(asked.options), SITE)

    asked = await door.by_passkey.ask(SITE)
    with pytest.raises(BadPasskeyAnswer):
        await door.by_passkey(asked.challenge, SoftPasskey(SITE.origin).sign(asked.options), SITE)


async def test_a_copied_passkey_is_found_out_by_its_counter(door: Door) -> None:
    user, passkey = await door.person(), SoftPasskey(SITE.origin)
    await door.with_passkey(user, passkey)
    asked = await door.by_passkey.ask(SITE)
    await door.by_passkey(asked.challenge, passkey.sign(asked.options), SITE)

    passkey.count = 0
    asked = await door.by_passkey.ask(SITE)
    with pytest.raises(BadPasskeyAnswer):
        await door.by_passkey(asked.challenge, passkey.sign(asked.options), SITE)


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b"{}", b'{"id": 7}', b'{"id": "AA", "rawId": "AA"}', b"\xff", b"{" * 30_000]
)
async def test_nonsense_for_an_answer_is_refused(door: Door, answer: bytes) -> None:
    user = await door.person()
    await door.with_passkey(user, SoftPasskey(SITE.origin))
    asked = await door.by_passkey.ask(SITE)

    with pytest.raises(BadPasskeyAnswer):
        await door.by_passkey(asked.challenge, answer, SITE)
    with pytest.raises(BadPasskeyAnswer):
        await door.prove.by_passkey(await door.half(user), answer, SITE)
    adding = await door.add_passkey.ask(actor_of(user), GOOD_PASSWORD, SITE)
    with pytest.raises(BadPasskeyAnswer):
        await door.add_passkey.add(actor_of(user), adding.challenge, answer, "x", SITE)


async def test_the_office_takes_lost_factors_away_with_a_reason(door: Door) -> None:
    user = await door.person()
    await door.with_app(user)
    await door.with_passkey(user, SoftPasskey(SITE.origin))
    admin = Actor(user_id=user.id, role=Role.ADMIN, audience=Audience.ADMIN)
    support = Actor(user_id=user.id, role=Role.SUPPORT, audience=Audience.ADMIN)

    with pytest.raises(NotPermitted):
        await door.reset(ResetFactorsCommand(actor=support, user_id=user.id, reason="lost phone"))
    with pytest.raises(Invalid):
        await door.reset(ResetFactorsCommand(actor=admin, user_id=user.id, reason=" "))
    await door.reset(ResetFactorsCommand(actor=admin, user_id=user.id, reason="lost phone, seen on video"))

    assert isinstance(await door.sign_in(user), Admitted)
    assert door.store.acts[-1].action == "identity.factors_reset"
    assert door.store.acts[-1].reason == "lost phone, seen on video"
