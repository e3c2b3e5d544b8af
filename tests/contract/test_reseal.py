"""Keys change, secrets stay readable. (OPS-11, OPS-15)"""

from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import LargeBinary
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.persistence.cipher import FernetCipher
from adapters.persistence.metadata import SEALED
from adapters.persistence.reseal import reseal, sealed_columns
from adapters.persistence.schema import whole_schema
from domain.identity.permission import Role
from domain.ids import ApplicationId, UserId
from domain.onboarding.application import SealedId
from fakes.identity import a_user
from fakes.onboarding import an_application
from ports.cipher import CannotOpen
from support.units import postgres_units

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
CNIC = "35202-1234567-1"
PLAIN = frozenset(
    {
        "application_documents.sha256", "audit_log.hash", "audit_log.previous_hash", "brand_images.content",
        "challenges.nonce",
        "exports.archive", "idempotency_keys.body", "idempotency_keys.request_hash", "push_browsers.fingerprint",
        "webhook_events.raw",
    }
)  # fmt: skip
"""Bytes that are no secret to be read again: digests, what is good for a moment, what was sent or shown as it is."""


async def test_every_sealed_value_opens_with_the_new_key_alone(database: AsyncEngine) -> None:
    # ONB-03, OPS-15
    before, units = FernetCipher([OLD]), postgres_units(database)
    async with units() as unit:
        for number in range(1, 206):
            user = a_user(number=number % 60, id=UserId(UUID(int=number)), email=f"q{number}@example.org")
            await unit.users.add(user)
            sealed = SealedId(country="PK", tail="5671", sealed=before.seal(f"{CNIC}/{number}"))
            application = an_application(
                Role.QARI, id=ApplicationId(UUID(int=number)), user_id=user.id, national_id=sealed
            )
            await unit.applications.add(application)
            submitted = application.submit(at=application.created_at)
            await unit.applications.save(submitted)
            await unit.applications.keep(submitted.handed_in())
        await unit.commit()

    counts = {str(column): await reseal(database, FernetCipher([NEW, OLD]), column) for column in sealed_columns()}

    after = FernetCipher([NEW])
    assert (counts["applications.id_sealed"], counts["application_editions.id_sealed"]) == (205, 205)
    async with units() as unit:
        for number in range(1, 206):
            known = (await unit.applications.get(ApplicationId(UUID(int=number)))).national_id
            assert known is not None
            assert after.open(known.sealed) == f"{CNIC}/{number}"
            with pytest.raises(CannotOpen):
                before.open(known.sealed)


async def test_the_column_says_nothing_without_the_key(database: AsyncEngine) -> None:
    # ONB-03
    units, cipher = postgres_units(database), FernetCipher([OLD])
    async with units() as unit:
        await unit.users.add(a_user(id=UserId(UUID(int=1))))
        sealed = SealedId(country="PK", tail="5671", sealed=cipher.seal(CNIC))
        await unit.applications.add(an_application(Role.QARI, user_id=UserId(UUID(int=1)), national_id=sealed))
        await unit.commit()

    async with database.connect() as connection:
        dump = str((await connection.exec_driver_sql("SELECT a::text FROM applications a")).scalars().all())

    assert "5671" in dump
    assert "35202" not in dump
    assert "1234567" not in dump


async def test_a_key_that_is_gone_too_early_is_said_and_changes_nothing(database: AsyncEngine) -> None:
    units = postgres_units(database)
    async with units() as unit:
        await unit.users.add(a_user(id=UserId(UUID(int=1))))
        sealed = SealedId(country="PK", tail="5671", sealed=FernetCipher([OLD]).seal(CNIC))
        await unit.applications.add(an_application(Role.QARI, user_id=UserId(UUID(int=1)), national_id=sealed))
        await unit.commit()
    [column] = [column for column in sealed_columns() if str(column) == "applications.id_sealed"]

    with pytest.raises(CannotOpen):
        await reseal(database, FernetCipher([NEW]), column)

    assert await reseal(database, FernetCipher([OLD]), column) == 1


def test_bytes_are_sealed_or_known_to_be_no_secret() -> None:
    # OPS-15
    found = {
        str(column)
        for table in whole_schema().tables.values()
        for column in table.c
        if isinstance(column.type, LargeBinary) and not column.info.get(SEALED)
    }
    digests = {name for name in found if name.endswith(("_hash", ".hash", ".credential_id", ".public_key"))}

    assert found - digests - PLAIN == set()
