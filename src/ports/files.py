"""Where uploaded files lie, what they really are, and whether they are harmless."""

from typing import Protocol


class NoSuchFile(Exception):
    """Nothing lies under this key."""


class FileStore(Protocol):
    """Keys are ours: letters, digits, ``/``, ``-``, ``.``. Raises GatewayUnavailable when the store does not answer."""

    async def put(self, key: str, content: bytes, media_type: str) -> None:
        """The same key again replaces what lay there."""
        ...

    async def get(self, key: str) -> bytes:
        """Raises NoSuchFile."""
        ...

    async def delete(self, key: str) -> None:
        """Nothing there is no error."""
        ...


class TypeSniffer(Protocol):
    def media_type(self, content: bytes) -> str | None:
        """By the content alone, whatever the name says; None for what it does not know."""
        ...


class Scanner(Protocol):
    async def is_harmful(self, content: bytes) -> bool:
        """Raises GatewayUnavailable when that cannot be told: nothing is kept unseen."""
        ...
