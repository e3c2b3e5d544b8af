"""Trouble on request: what real providers do to us on bad days. Kept in the database, so that a restart keeps it."""

from typing import Annotated, Final, Literal

import msgspec

from adapters.payments.sandbox.database import Connection

ApiFailure = Literal["none", "error", "timeout", "lost_reply", "too_many"]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Webhooks: each event is sent ``duplicate`` more times; ``delay_s`` late; at a random moment of ``reorder_s``
    seconds, so that neighbours overtake each other; lost for good with the chance ``drop_fraction``, and the next
    ``drop_next`` ones surely.

    API: the next ``api_next`` calls under /v1 fail as ``api_failure`` says: "error" answers 500 and does nothing,
    "too_many" answers 429, "timeout" does nothing and does not answer, "lost_reply" does the work and breaks the
    connection before the answer.
    """

    duplicate: Annotated[int, msgspec.Meta(ge=0, le=20)] = 0
    delay_s: Seconds = 0.0
    reorder_s: Seconds = 0.0
    drop_fraction: Fraction = 0.0
    drop_next: Count = 0
    api_failure: ApiFailure = "none"
    api_next: Count = 0


_FIELDS: Final = Faults.__struct_fields__
_READ: Final = f"SELECT {', '.join(_FIELDS)} FROM sandbox.faults"  # noqa: S608 (our own names)
_WRITE: Final = f"UPDATE sandbox.faults SET {', '.join(f'{name} = ${i}' for i, name in enumerate(_FIELDS, 1))}"  # noqa: S608


async def read_faults(connection: Connection) -> Faults:
    row = await connection.fetchrow(_READ)
    return Faults(**dict(row)) if row else Faults()


async def write_faults(connection: Connection, faults: Faults) -> None:
    await connection.execute(_WRITE, *msgspec.structs.astuple(faults))


async def take_api_failure(connection: Connection) -> ApiFailure:
    """What this call shall suffer. Counts it; two calls at once never take the same one."""
    took: ApiFailure | None = await connection.fetchval(
        "UPDATE sandbox.faults SET api_next = api_next - 1 WHERE api_next > 0 RETURNING api_failure"
    )
    return took or "none"


async def take_drop(connection: Connection) -> bool:
    """Whether "drop the next n" hits the event being made."""
    return bool(
        await connection.fetchval(
            "UPDATE sandbox.faults SET drop_next = drop_next - 1 WHERE drop_next > 0 RETURNING true"
        )
    )
