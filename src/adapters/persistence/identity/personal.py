"""What identity keeps about people."""

from typing import Final

from adapters.persistence.identity.account_tables import erasures, exports, external_users
from adapters.persistence.identity.factor_tables import (
    authenticators,
    challenges,
    linked_identities,
    passkeys,
    recovery_codes,
)
from adapters.persistence.identity.guardian_tables import guardianships
from adapters.persistence.identity.tables import sessions, user_roles, users, verifications
from adapters.persistence.personal_rows import Fate, PersonalRows

PERSONAL: Final = (
    PersonalRows(
        table=users,
        about=("id",),
        fate=Fate.BLANK,
        blank={
            "email": "NULL",
            "name": "'(erased)'",
            "password_hash": "''",
            "phone": "NULL",
            "country": "''",
            "birth_date": "NULL",
            "email_verified_at": "NULL",
            "zone": "'UTC'",
            "status": "'blocked'",
            "version": "version + 1",
        },
        secret=frozenset({"password_hash", "version", "onboarding"}),
        why="lessons, payments and the ledger hang on the id, which then leads to nobody",
    ),
    PersonalRows(table=user_roles, about=("user_id",), fate=Fate.KEEP, why="says what the id stood for, not whom"),
    PersonalRows(table=sessions, about=("user_id",), mentions=("impersonator_id",)),
    PersonalRows(table=verifications, about=("user_id",)),
    PersonalRows(table=authenticators, about=("user_id",)),
    PersonalRows(table=recovery_codes, about=("user_id",)),
    PersonalRows(table=passkeys, about=("user_id",)),
    PersonalRows(table=challenges, about=("user_id",), copied=False),
    PersonalRows(table=linked_identities, about=("user_id",)),
    PersonalRows(table=guardianships, about=("guardian_id", "child_id"), mentions=("created_by",)),
    PersonalRows(table=exports, about=("user_id",), mentions=("requested_by",)),
    PersonalRows(
        table=erasures,
        about=("user_id",),
        mentions=("requested_by",),
        fate=Fate.BLANK,
        blank={"reason": "''"},
        why="proof that it was done",
    ),
    PersonalRows(table=external_users, about=("user_id",)),
)
