"""People who are signed in already: a benchmark of something else does not wait for a thousand passwords."""

from collections.abc import Sequence
from datetime import UTC, datetime

from uuid_utils.compat import uuid7

from domain.identity.permission import Audience, Role
from domain.identity.session import Session
from domain.ids import SessionId, UserId
from ports.unit_of_work import NewUnit


async def tokens_of(
    new_unit: NewUnit, people: Sequence[UserId], role: Role, audience: Audience = Audience.MAIN
) -> dict[UserId, str]:
    """What each of them shows at the door."""
    found: dict[UserId, str] = {}
    async with new_unit() as unit:
        for user_id in people:
            session, issued = Session.open(
                SessionId(uuid7()), user_id, audience=audience, role=role, at=datetime.now(UTC)
            )
            await unit.sessions.add(session, issued.tokens)
            found[user_id] = issued.access
        await unit.commit()
    return found
