"""What strangers hand in is handed over, and never part of a page of ours. (ONB-02, OPS-10)"""

import hashlib
from uuid import UUID

import pytest

from adapters.http.api.onboarding_wire import attachment
from adapters.storage.sniff import MagicSniffer
from domain.ids import ApplicationId, DocumentId, UserId
from domain.onboarding.document import Document, plain_name
from domain.onboarding.policy import DocumentKind
from fakes.clock import NOON
from fakes.onboarding import PDF

POLYGLOT = PDF + b"\n<html><script>alert(1)</script></html>\nPK\x03\x04"
"""A paper, a page and an archive in one; nobody can tell for sure that a file is only one of them."""


def a_document(content: bytes, name: str, media_type: str = "application/pdf") -> Document:
    return Document(
        id=DocumentId(UUID(int=1)),
        application_id=ApplicationId(UUID(int=2)),
        user_id=UserId(UUID(int=3)),
        kind=DocumentKind.OTHER,
        name=plain_name(name),
        media_type=media_type,
        size=len(content),
        sha256=hashlib.sha256(content).digest(),
        edition=1,
        uploaded_at=NOON,
    )


@pytest.mark.parametrize(
    "name", ["cnic.pdf", 'x"; filename="evil.html', "a\r\nSet-Cookie: b=c", "../../x.svg", "کارڈ.pdf", "x.html", ""]
)
def test_whatever_it_is_and_is_called_a_browser_saves_it_and_runs_nothing(name: str) -> None:
    answer = attachment(a_document(POLYGLOT, name), POLYGLOT)

    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="')
    assert disposition.count('"') == 2
    assert disposition.isprintable()
    assert "/" not in disposition
    assert answer.headers["content-security-policy"].startswith("sandbox;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.media_type == "application/pdf"


def test_a_file_of_several_kinds_goes_by_what_it_begins_with() -> None:
    assert MagicSniffer().media_type(POLYGLOT) == "application/pdf"
    assert MagicSniffer().media_type(b"<html>" + PDF) != "application/pdf"


def test_where_it_lies_has_nothing_to_do_with_its_name() -> None:
    key = a_document(PDF, "../../../etc/passwd").key

    assert ".." not in key
    assert "passwd" not in key
