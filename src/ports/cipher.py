"""Secrets at rest. Keys can be rotated: the first seals, all of them open."""

from typing import Protocol


class CannotOpen(Exception):
    """Sealed with a key that is not configured any more, or altered."""


class Cipher(Protocol):
    def seal(self, text: str) -> bytes: ...

    def open(self, sealed: bytes) -> str:
        """Raises CannotOpen."""
        ...

    def reseal(self, sealed: bytes) -> bytes:
        """The same text under the newest key. Raises CannotOpen."""
        ...
