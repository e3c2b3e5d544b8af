"""Whether anything can still be written to a folder: a disk can be full, read-only or gone."""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Final

ENOUGH: Final = b"\0" * 4096


async def try_to_write(folder: Path) -> None:
    """Raises OSError. What is written is taken away at once."""
    await asyncio.to_thread(_write, folder)


def _write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        if file.write(ENOUGH) < len(ENOUGH):
            raise OSError("the disk took a part of it only")
        os.fsync(file.fileno())
