"""What uploaded files are let through, and where they lie. (ONB-02)"""

import shlex
import stat
import sys
from pathlib import Path

import pytest

from adapters.storage.disk import DiskFiles
from adapters.storage.scan import CommandScanner, NoScanner
from adapters.storage.sniff import MagicSniffer
from domain.onboarding.document import LARGEST, plain_name, require_fitting
from domain.onboarding.errors import DocumentRefused
from fakes.onboarding import PDF
from ports.errors import GatewayUnavailable
from ports.files import NoSuchFile

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc3300"
    "00000049454e44ae426082"
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + bytes(64) + b"\xff\xd9"
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x00" + bytes(24)
PROGRAM = "import sys; data = sys.stdin.buffer.read(); sys.exit({})"


@pytest.mark.parametrize(
    ("content", "kind"),
    [(PDF, "application/pdf"), (PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp")],
)
def test_the_kinds_that_are_let_in_are_known_by_their_content(content: bytes, kind: str) -> None:
    assert MagicSniffer().media_type(content) == kind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"just text",
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!-- " + PDF,
        b"MZ" + bytes(60) + PNG,
        b"GIF89a/*" + bytes(20),
        b"PK\x03\x04" + bytes(40),
        b"#!/bin/sh\n" + JPEG,
        b"\xff\xd8\x00\xe0" + JPEG,
        b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(24),
    ],
)
def test_traps_are_none_of_them(content: bytes) -> None:
    kind = MagicSniffer().media_type(content)

    with pytest.raises(DocumentRefused):
        require_fitting(content, kind)


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(DocumentRefused):
        require_fitting(PDF + bytes(LARGEST), "application/pdf")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\scans\\cnic.pdf", "cnic.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("", "document"),
        ("شناختی کارڈ.pdf", "شناختی کارڈ.pdf"),
    ],
)
def test_a_name_is_shown_without_its_path_and_control_signs(given: str, shown: str) -> None:
    assert plain_name(given) == shown


async def test_files_on_disk_are_private_and_stay_inside_their_folder(tmp_path: Path) -> None:
    files, key = DiskFiles(tmp_path / "files"), "applications/1/2.pdf"

    await files.put(key, PDF, "application/pdf")
    await files.put(key, PNG, "image/png")

    assert await files.get(key) == PNG
    assert stat.S_IMODE((tmp_path / "files" / key).stat().st_mode) == 0o600
    await files.delete(key)
    await files.delete(key)
    with pytest.raises(NoSuchFile):
        await files.get(key)
    for outside in ("../x", "/etc/passwd", "a/../../x", ""):
        with pytest.raises(ValueError, match="inside"):
            await files.put(outside, PDF, "application/pdf")


async def test_the_scanner_is_any_program_that_answers_by_its_exit_code() -> None:
    python = shlex.quote(sys.executable)

    def ending(code: str) -> CommandScanner:
        return CommandScanner(f"{python} -c '{PROGRAM.format(code)}'")

    harmful = ending('1 if b"EICAR" in data else 0')

    assert not await NoScanner().is_harmful(b"EICAR")
    assert await harmful.is_harmful(b"an EICAR file")
    assert not await harmful.is_harmful(PDF)
    with pytest.raises(GatewayUnavailable):
        await ending("2").is_harmful(PDF)
    with pytest.raises(GatewayUnavailable):
        await CommandScanner("no-such-scanner-anywhere").is_harmful(PDF)
    with pytest.raises(GatewayUnavailable):
        await CommandScanner(
            f"{shlex.quote(sys.executable)} -c 'import time; time.sleep(30)'", timeout_s=0.3
        ).is_harmful(PDF)
