"""What people agree to before they book: versioned texts, and who accepted which version. (ONB-09)"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from domain.errors import Invalid, NotPermitted
from domain.ids import UserId


class ConsentNeeded(NotPermitted):
    """A text has changed or was never accepted. ``documents`` in details lists kind, version and child."""

    code = "consent_needed"


class ConsentKind(StrEnum):
    TERMS = "terms"
    CONDUCT = "conduct"
    RECORDING = "recording"
    GUARDIAN = "guardian"


CONSENT_POLICIES: Final[Mapping[ConsentKind, str]] = {kind: f"consent_{kind}" for kind in ConsentKind}
"""Under which kind of versioned rules each text is stored."""


Title = Annotated[str, msgspec.Meta(max_length=120)]
Body = Annotated[str, msgspec.Meta(max_length=20_000)]


class ConsentText(msgspec.Struct, frozen=True, kw_only=True):
    """What people read and agree to, in English and where there are translations in these. Empty: nobody is asked."""

    title: Title = ""
    body: Body = ""
    title_ar: Title = ""
    body_ar: Body = ""
    title_ur: Title = ""
    body_ur: Body = ""

    def __post_init__(self) -> None:
        if bool(self.title.strip()) != bool(self.body.strip()):
            raise Invalid("a text has a title and a body", field="body")

    @property
    def is_asked(self) -> bool:
        return bool(self.body.strip())

    def told_in(self, locale: str) -> tuple[str, str]:
        """Title and body; in English where that language has none."""
        translated = {"ar": (self.title_ar, self.body_ar), "ur": (self.title_ur, self.body_ur)}
        title, body = translated.get(locale, ("", ""))
        return (title, body) if title.strip() and body.strip() else (self.title, self.body)


class ConsentDocument(msgspec.Struct, frozen=True, kw_only=True):
    kind: ConsentKind
    version: int
    text: ConsentText
    effective_from: datetime


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """``child_id``: the child whom the guardian spoke for; None for oneself."""

    user_id: UserId
    child_id: UserId | None
    kind: ConsentKind
    version: int
    at: datetime


class Asked(msgspec.Struct, frozen=True):
    """One text that waits for somebody's yes."""

    document: ConsentDocument
    child_id: UserId | None


def not_accepted(
    documents: Iterable[ConsentDocument],
    acceptances: Iterable[Acceptance],
    user_id: UserId,
    children: Iterable[UserId] = (),
) -> tuple[Asked, ...]:
    """What ``user_id`` has still to accept before he books for himself, or for these children."""
    said = {(yes.child_id, yes.kind, yes.version) for yes in acceptances if yes.user_id == user_id}
    spoken_for = tuple(children)
    wanted = [
        Asked(document, child_id)
        for document in documents
        for child_id in (spoken_for if document.kind is ConsentKind.GUARDIAN else (None,))
    ]
    return tuple(each for each in wanted if (each.child_id, each.document.kind, each.document.version) not in said)
