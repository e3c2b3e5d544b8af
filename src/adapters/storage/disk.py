"""Files in a folder of this machine, readable by the service alone."""

import asyncio
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from ports.errors import GatewayUnavailable
from ports.files import NoSuchFile

NAME: Final = "files"


class DiskFiles:
    """``root`` is made when it is first needed. A disk that is full or gone is a store that does not answer."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, key: str, content: bytes, media_type: str) -> None:
        del media_type  # the name of the file tells it
        try:
            await asyncio.to_thread(self._write, self._path(key), content)
        except OSError as error:
            raise GatewayUnavailable(NAME, f"a file could not be stored: {error.strerror}") from error

    async def get(self, key: str) -> bytes:
        try:
            return await asyncio.to_thread(self._path(key).read_bytes)
        except FileNotFoundError as error:
            raise NoSuchFile(key) from error
        except OSError as error:
            raise GatewayUnavailable(NAME, f"a file could not be read: {error.strerror}") from error

    async def delete(self, key: str) -> None:
        try:
            with suppress(FileNotFoundError):
                await asyncio.to_thread(self._path(key).unlink)
        except OSError as error:
            raise GatewayUnavailable(NAME, f"a file could not be taken away: {error.strerror}") from error

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
