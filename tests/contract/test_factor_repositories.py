"""Second factors, passkeys, challenges and linked identities: the same promises in memory and on PostgreSQL."""

from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.identity.challenge import Challenge, ChallengeEnded, ChallengePurpose
from domain.identity.passkey import Passkey, PasskeyTaken
from domain.identity.permission import Audience
from domain.identity.provider import LinkedElsewhere, LinkedIdentity
from domain.identity.session import Factor, hash_token
from domain.identity.totp import Authenticator
from domain.ids import PasskeyId
from fakes.clock import NOON
from fakes.identity import a_user
from fakes.ids import SequentialIds
from ports.unit_of_work import NewUnit
from support.units import memory_units, postgres_units

USER, OTHER = a_user(number=1), a_user(number=2)


@pytest.fixture
def memory() -> NewUnit:
    return memory_units()


@pytest.fixture
def postgres_unit(database: AsyncEngine) -> NewUnit:
    return postgres_units(database)


@pytest.fixture(params=["memory", pytest.param("postgres_unit", marks=pytest.mark.postgres)])
def units(request: pytest.FixtureRequest) -> NewUnit:
    return cast(NewUnit, request.getfixturevalue(request.param))


@pytest.fixture
async def new_unit(units: NewUnit) -> NewUnit:
    async with units() as unit:
        await unit.users.add(USER)
        await unit.users.add(OTHER)
        await unit.commit()
    return units


def a_passkey(number: int = 1, **given: object) -> Passkey:
    fields: dict[str, object] = {
        "id": PasskeyId(SequentialIds(number)()),
        "user_id": USER.id,
        "credential_id": bytes([number]) * 16,
        "public_key": b"cose",
        "sign_count": 0,
        "relying_party": "school.example",
        "name": "My phone",
        "transports": ("internal", "hybrid"),
        "created_at": NOON + timedelta(minutes=number),
    }
    return Passkey(**(fields | given))  # type: ignore[arg-type]


async def test_an_authenticator_comes_back_as_it_was_and_is_replaced(new_unit: NewUnit) -> None:
    app = Authenticator(user_id=USER.id, sealed=b"sealed", created_at=NOON)
    confirmed = Authenticator(user_id=USER.id, sealed=b"sealed", created_at=NOON, confirmed_at=NOON, last_step=7)

    async with new_unit() as unit:
        assert await unit.factors.authenticator(USER.id) is None
        await unit.factors.save_authenticator(app)
        assert await unit.factors.authenticator(USER.id) == app
        await unit.factors.save_authenticator(confirmed)
        await unit.commit()

    async with new_unit() as unit:
        assert await unit.factors.authenticator(USER.id) == confirmed
        assert await unit.factors.authenticator(OTHER.id) is None
        assert await unit.factors.remove_authenticator(USER.id)
        assert not await unit.factors.remove_authenticator(USER.id)


async def test_a_recovery_code_is_used_once_by_its_owner(new_unit: NewUnit) -> None:
    # ID-10
    async with new_unit() as unit:
        await unit.factors.set_recovery_codes(USER.id, [b"one", b"two"])
        assert not await unit.factors.use_recovery_code(OTHER.id, b"one", at=NOON)
        assert await unit.factors.use_recovery_code(USER.id, b"one", at=NOON)
        assert not await unit.factors.use_recovery_code(USER.id, b"one", at=NOON)
        assert await unit.factors.recovery_codes_left(USER.id) == 1
        await unit.factors.set_recovery_codes(USER.id, [b"three"])
        assert not await unit.factors.use_recovery_code(USER.id, b"two", at=NOON)
        assert await unit.factors.recovery_codes_left(USER.id) == 1


async def test_a_passkey_belongs_to_one_account(new_unit: NewUnit) -> None:
    first, second = a_passkey(1), a_passkey(2)
    async with new_unit() as unit:
        await unit.passkeys.add(second)
        await unit.passkeys.add(first)
        await unit.commit()

    used = first.used(sign_count=5, backed_up=True, at=NOON)
    async with new_unit() as unit:
        assert list(await unit.passkeys.of(USER.id)) == [first, second]
        assert await unit.passkeys.by_credential(first.credential_id) == first
        await unit.passkeys.save(used)
        assert await unit.passkeys.by_credential(first.credential_id) == used
        assert not await unit.passkeys.remove(OTHER.id, first.id)
        assert await unit.passkeys.remove(USER.id, second.id)
        await unit.commit()

    async with new_unit() as unit:
        with pytest.raises(PasskeyTaken):
            await unit.passkeys.add(a_passkey(9, credential_id=first.credential_id, user_id=OTHER.id))


async def test_a_challenge_is_kept_counted_and_forgotten(new_unit: NewUnit) -> None:
    challenge, token = Challenge.begin(
        ChallengePurpose.SECOND_FACTOR,
        audience=Audience.MAIN,
        user_id=USER.id,
        at=NOON,
        proofs=(Factor.PASSWORD,),
        enroll=True,
    )
    anybody, _ = Challenge.begin(ChallengePurpose.PASSKEY_SIGN_IN, audience=Audience.ADMIN, user_id=None, at=NOON)

    async with new_unit() as unit:
        await unit.challenges.add(challenge)
        await unit.challenges.add(anybody)
        await unit.commit()

    async with new_unit() as unit:
        assert await unit.challenges.get(hash_token(token)) == challenge
        assert await unit.challenges.get(anybody.token_hash) == anybody
        await unit.challenges.save(challenge.tried())
        assert await unit.challenges.get(hash_token(token)) == challenge.tried()
        await unit.challenges.end(challenge.token_hash)
        with pytest.raises(ChallengeEnded):
            await unit.challenges.get(challenge.token_hash)
        assert await unit.challenges.forget(expired_before=NOON) == 0
        assert await unit.challenges.forget(expired_before=NOON + timedelta(hours=1)) == 1


async def test_a_subject_of_a_provider_is_linked_to_one_account(new_unit: NewUnit) -> None:
    # ID-02
    google = LinkedIdentity(provider="google", subject="g-1", user_id=USER.id, email="m@example.org", linked_at=NOON)
    taken = LinkedIdentity(provider="google", subject="g-1", user_id=OTHER.id, email="o@example.org", linked_at=NOON)
    async with new_unit() as unit:
        assert await unit.linked_identities.find("google", "g-1") is None
        await unit.linked_identities.add(google)
        await unit.commit()

    async with new_unit() as unit:
        assert await unit.linked_identities.find("google", "g-1") == google
        assert await unit.linked_identities.find("facebook", "g-1") is None
        assert list(await unit.linked_identities.of(USER.id)) == [google]
        with pytest.raises(LinkedElsewhere):
            await unit.linked_identities.add(taken)
    async with new_unit() as unit:
        assert not await unit.linked_identities.remove(OTHER.id, "google")
        assert await unit.linked_identities.remove(USER.id, "google")
