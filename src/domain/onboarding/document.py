"""What an applicant attaches: a scan of his card, an ijazah. The content lies in the file store. (ONB-02)"""

from datetime import datetime
from typing import Final

import msgspec

from domain.ids import ApplicationId, DocumentId, UserId
from domain.onboarding.errors import DocumentRefused
from domain.onboarding.policy import DocumentKind

MOST: Final = 12
LARGEST: Final = 8 * 1024 * 1024
TYPES: Final = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
"""What may be attached, by what its content says it is, whatever its name."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """``edition``: the first one it was meant for. One that was handed in stays with it: ``removed_at`` hides it."""

    id: DocumentId
    application_id: ApplicationId
    user_id: UserId
    kind: DocumentKind
    name: str
    media_type: str
    size: int
    sha256: bytes
    edition: int
    uploaded_at: datetime
    removed_at: datetime | None = None

    @property
    def key(self) -> str:
        """Where its content lies: nothing of it comes from the applicant."""
        return f"applications/{self.application_id}/{self.id}.{TYPES[self.media_type]}"

    def remove(self, *, at: datetime) -> "Document":
        return msgspec.structs.replace(self, removed_at=at)


def plain_name(name: str) -> str:
    """A file's name as it is shown: no path, no control signs."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(sign for sign in last if sign.isprintable()).strip()
    return shown[-100:] or "document"


def require_fitting(content: bytes, media_type: str | None) -> str:
    """The kind of file it is. Raises DocumentRefused."""
    if not content:
        raise DocumentRefused("this file is empty", field="file")
    if len(content) > LARGEST:
        raise DocumentRefused("a file has at most {most} MB", field="file", most=LARGEST // 1024**2)
    if media_type not in TYPES:
        raise DocumentRefused("attach a PDF, JPEG, PNG or WebP file", field="file")
    return media_type
