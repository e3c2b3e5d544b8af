"""How many calls an outside service takes, counted over all our processes. (PAYM-26, OPS-12)"""

from typing import Protocol

import msgspec


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """At most ``times`` calls in ``per_s`` seconds, of which ``burst`` may come at once (all of them, if none)."""

    name: str
    times: int
    per_s: float = 1.0
    burst: int = 0

    @property
    def step_s(self) -> float:
        """The time that one call uses up."""
        return self.per_s / self.times

    @property
    def slack_s(self) -> float:
        return self.step_s * ((self.burst or self.times) - 1)


class Budget(Protocol):
    async def take(self, rate: Rate, who: str, *, patience_s: float) -> float | None:
        """Books the next free turn of ``who`` (a provider's account, or one of its endpoints): in how many seconds it
        is. None when it is more than ``patience_s`` away; nothing is booked then.

        Where the shared counter cannot be reached, each process keeps a budget of its own.
        """
        ...
