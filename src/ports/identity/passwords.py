"""Slow on purpose, so it runs away from the event loop."""

from typing import Protocol


class PasswordHasher(Protocol):
    async def hash(self, password: str) -> str: ...

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """False for None, after as much work as for a real hash: an unknown address takes no less time."""
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Made with weaker parameters than today's."""
        ...
