"""Each entry of the audit log seals the one before it: an edited, removed or moved row breaks the chain. (ADM-05)"""

import hashlib
from collections.abc import Mapping
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
