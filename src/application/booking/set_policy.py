"""Give the school new rules. Lessons that are booked already keep theirs."""

from typing import Any

import msgspec

from domain.booking.policy import BOOKING_POLICY, BookingPolicy, PolicyRow, Versioned, read_policy
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.oversight.audit import Act
from ports.clock import Clock
from ports.unit_of_work import NewUnit


class SetBookingPolicy:
    """Answers the new version. Raises NotPermitted, Conflict when somebody else set rules at the same time."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, policy: BookingPolicy) -> Versioned:
        actor.require(Permission.SET_POLICIES)
        now = self._clock.now()
        async with self._new_unit() as unit:
            standing = read_policy(await unit.policies.current(BOOKING_POLICY, now))
            version = standing.version + 1
            row = PolicyRow(
                kind=BOOKING_POLICY,
                version=version,
                body=msgspec.json.encode(policy).decode(),
                effective_from=now,
                created_by=actor.user_id,
            )
            await unit.policies.add(row)
            unit.note(
                Act(
                    actor=actor,
                    action="oversight.change_settings",
                    subject=("settings", BOOKING_POLICY),
                    before=_differing(standing.policy, policy) | {"version": standing.version},
                    after=_differing(policy, standing.policy) | {"version": version},
                )
            )
            await unit.commit()
        return Versioned(version, policy)


def _differing(policy: BookingPolicy, other: BookingPolicy) -> dict[str, Any]:
    told, compared = msgspec.to_builtins(policy), msgspec.to_builtins(other)
    return {name: value for name, value in told.items() if value != compared[name]}
