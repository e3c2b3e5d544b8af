"""Where the embedded servers keep their files and sockets."""

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Final

from entrypoints.embedded.account import Account

# The kernel allows 107 bytes for a socket's path (104 on macOS); PostgreSQL adds "/.s.PGSQL.5432.lock".
LONGEST_FOLDER: Final = 80
# Also what needs no escaping in a URL, so that every client reads the same path out of it.
PLAIN: Final = re.compile(r"[A-Za-z0-9/._-]+")


class CannotStart(Exception):
    """Why the product cannot start, in one line for the person at the terminal."""


def socket_folder(data: Path) -> Path:
    """``data/run``, or a short private folder in the temporary directory when that path is too long or unusual."""
    wanted = data.resolve() / "run"
    if len(os.fsencode(wanted)) <= LONGEST_FOLDER and PLAIN.fullmatch(str(wanted)):
        return wanted
    digest = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"halaqa-{os.geteuid()}-{digest}"


def writable_folder(path: Path) -> Path:
    """Raises CannotStart when it cannot be made or written to."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return path
    except OSError as error:
        raise _cannot_write(path, error) from error


def private_folder(path: Path, owner: Account | None = None) -> Path:
    """Creates the folder with mode 0700. Raises CannotStart when it is not ours or cannot be made."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        uid = path.stat(follow_symlinks=False).st_uid
        if owner is not None and uid != owner.uid:
            os.chown(path, owner.uid, owner.gid, follow_symlinks=False)
        elif owner is None and uid != os.geteuid():
            raise CannotStart(f"{path} belongs to another user; remove it or set HALAQA_DATA_DIR to another folder")
        path.chmod(0o700)
    except OSError as error:
        raise _cannot_write(path, error) from error
    return path


def _cannot_write(path: Path, error: OSError) -> CannotStart:
    reason = (error.strerror or str(error)).lower()
    return CannotStart(f"cannot write to {path} ({reason}); set HALAQA_DATA_DIR to a folder that you may write to")
