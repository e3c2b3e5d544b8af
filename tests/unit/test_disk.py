"""A disk that takes nothing more. (OPS-14)"""

from pathlib import Path

import pytest

from adapters.storage.disk import DiskFiles
from adapters.storage.probe import try_to_write
from ports.errors import GatewayUnavailable


async def test_a_disk_that_cannot_be_used_is_a_store_that_does_not_answer(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("where a folder should be")
    store = DiskFiles(tmp_path / "files")

    with pytest.raises(GatewayUnavailable):
        await store.put("a/b.pdf", b"x", "application/pdf")
    with pytest.raises(GatewayUnavailable):
        await store.get("a/b.pdf")
    with pytest.raises(GatewayUnavailable):
        await store.delete("a/b.pdf")


async def test_trying_leaves_nothing_behind(tmp_path: Path) -> None:
    await try_to_write(tmp_path / "data")

    assert list((tmp_path / "data").iterdir()) == []


async def test_trying_where_nothing_can_be_written_fails(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("where a folder should be")

    with pytest.raises(OSError, match="exists"):
        await try_to_write(tmp_path / "data")
