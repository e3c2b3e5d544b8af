"""Files in a folder of this machine, readable by the service alone."""

import asyncio
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from ports.files import NoSuchFile


class DiskFiles:
    """``root`` is made when it is first needed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, key: str, content: bytes, media_type: str) -> None:
        del media_type  # the name of the file tells it
        await asyncio.to_thread(self._write, self._path(key), content)

    async def get(self, key: str) -> bytes:
        try:
            return await asyncio.to_thread(self._path(key).read_bytes)
        except FileNotFoundError as error:
            raise NoSuchFile(key) from error

    async def delete(self, key: str) -> None:
        with suppress(FileNotFoundError):
            await asyncio.to_thread(self._path(key).unlink)

    def _path(self, key: str) -> Path:
        path = (self._root / key).resolve()
        if not path.is_relative_to(self._root.resolve()) or path == self._root.resolve():
            raise ValueError("a key stays inside the store")
        return path

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        """Whole or not at all, also when the machine stops in between. The folder is private, and so is the file."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
