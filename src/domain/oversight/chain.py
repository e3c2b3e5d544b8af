"""Each entry of the audit log seals the one before it: an edited, removed or moved row breaks the chain. (ADM-05)"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

BEGINNING: Final = bytes(32)
"""What the first entry has before it."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is sealed. ``at`` in UTC, to the microsecond, as PostgreSQL keeps it."""

    seq: int
    academy_id: UUID
    at: datetime
    actor_id: UUID | None
    role: str | None
    audience: str | None
    impersonator_id: UUID | None
    action: str
    subject_kind: str
    subject_id: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    reason: str
    request_id: str

    def sealed_after(self, previous: bytes) -> bytes:
        """SHA-256 over the entry before and this one, in one canonical form whatever the order of JSON keys."""
        return hashlib.sha256(previous + msgspec.json.encode(self, order="deterministic")).digest()


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A stored row: what it says, and the two hashes that were stored with it."""

    entry: Entry
    previous: bytes
    seal: bytes


class Break(msgspec.Struct, frozen=True, kw_only=True):
    """The first row that is not as it was written, and in what way."""

    seq: int
    what: str


class Chain:
    """Walks from row to row. ``seq`` and ``seal`` tell how far it holds."""

    def __init__(self) -> None:
        self.seq, self.seal = 0, BEGINNING

    def follow(self, links: Iterable[Link]) -> Break | None:
        """The first break in them, None where they continue what was followed before."""
        for link in links:
            seq = link.entry.seq
            if seq != self.seq + 1:
                return Break(seq=self.seq + 1, what=f"is gone; the next row is {seq}")
            if link.previous != self.seal:
                return Break(seq=seq, what="does not continue the row before it: moved, or that one was written anew")
            if link.entry.sealed_after(link.previous) != link.seal:
                return Break(seq=seq, what="is not what was written: edited")
            self.seq, self.seal = seq, link.seal
        return None
