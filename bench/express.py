"""Express with pg beside the read: ``bench/node/server.js``, set up with npm in that folder by its lock, once."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from bare import READ
from servers import _CPU, HERE, _wait

from support.system import free_port

FOLDER: Final = HERE / "node"


class Missing(Exception):
    """It cannot be had here."""


@contextmanager
def express(folder: Path, database: str) -> Iterator[int]:
    """Yields its port. Raises Missing."""
    node = set_up()
    port, said, parts = free_port(), folder / "express.log", urlsplit(database)
    environ = os.environ | {
        "BARE_DATABASE_HOST": parts.hostname or parse_qs(parts.query)["host"][0],
        "BARE_DATABASE_NAME": parts.path[1:],
        "BARE_DATABASE_USER": parts.username or "",
        "BARE_READ": READ,
        "NODE_ENV": "production",
    }
    with said.open("wb") as out:
        process = subprocess.Popen([node, str(FOLDER / "server.js"), str(port)], env=environ, stdout=out, stderr=out)
    try:
        try:
            _wait(port, process, said)
        except RuntimeError as error:
            raise Missing(" ".join(str(error).split())[-160:]) from error
        _CPU[port] = process.pid
        yield port
    finally:
        process.terminate()
        process.wait(10)


def set_up() -> str:
    """The program ``node``; its packages are those of the lock."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise Missing("there is no node and npm")
    ready, wanted = FOLDER / "node_modules" / ".ready", hashlib.sha256((FOLDER / "package-lock.json").read_bytes())
    if ready.is_file() and ready.read_text() == wanted.hexdigest():
        return node
    try:
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=FOLDER, capture_output=True,
                       text=True, timeout=90, check=True)  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise Missing(f"its packages could not be installed: {error}") from error
    ready.write_text(wanted.hexdigest())
    return node
