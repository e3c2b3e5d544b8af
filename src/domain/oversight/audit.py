"""One line of the audit log: who did what to whom, as it was before and after, and why. (ADM-05)"""

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.identity.actor import Actor


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """Something that has to be answerable for later. Recorded in the transaction that does it: ``unit.note(...)``.

    ``action`` is named ``context.verb`` (``identity.block``), ``subject`` says of what kind and which one
    (``("user", "0199…")``). ``before`` and ``after`` hold only the fields that differ, as plain JSON values: never a
    secret, a document's content or a national id in full. ``actor`` is None for what the system does by itself.
    """

    actor: Actor | None
    action: str
    subject: tuple[str, str]
    before: Mapping[str, Any] = {}
    after: Mapping[str, Any] = {}
    reason: str = ""
