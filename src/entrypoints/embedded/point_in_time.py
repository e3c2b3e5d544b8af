"""The embedded database at any minute: a base copy now and then, and every change since, kept as PostgreSQL wrote it.

The server archives its log of changes (WAL) into ``wal`` in the data folder, at the latest after a minute. A base copy
and the log after it give the state of any moment since: a server of its own replays it in a scratch folder.
Source: PostgreSQL documentation, "Continuous Archiving and Point-in-Time Recovery".
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Final

from adapters.backup.errors import BackupFailed
from adapters.backup.folder import PART, moment_of, name_of
from adapters.backup.tools import environment
from entrypoints.embedded.account import account_for
from entrypoints.embedded.folders import CannotStart, private_folder
from entrypoints.embedded.postgres import EmbeddedPostgres, binaries

ARCHIVE: Final = "wal"
BASES: Final = "bases"
PATIENCE_S: Final = 600.0
_TOO_SHORT: Final = "recovery ended before configured recovery target was reached"
PIECE: Final = 24
"""The length of the name of a piece of the log."""


def archiving(data: Path) -> dict[str, str]:
    """The server's options. A piece of the log has its name only when it is whole, and is never overwritten."""
    folder = private_folder(data.resolve() / ARCHIVE, account_for(data.resolve() / "postgres"))
    target, part = quote(f"{_plain(folder)}/%f"), quote(f"{_plain(folder)}/%f.part")
    copy = f'cp "%p" {part} && mv {part} {target}'
    return {
        "archive_mode": "on",
        "archive_timeout": "60",
        "archive_command": f"test -f {target} || ({copy})",
    }


def take_base(url: str, data: Path, at: datetime, *, keep: int = 2) -> Path:
    """A copy of the whole server as it runs; older ones, and the log that only they need, go. Raises BackupFailed."""
    parent = data.resolve() / BASES
    parent.mkdir(mode=0o700, exist_ok=True)
    target = parent / name_of(at)
    part = target.with_name(target.name + PART)
    shutil.rmtree(part, ignore_errors=True)
    _run("pg_basebackup", f"--pgdata={part}", "--wal-method=none", "--checkpoint=fast", "--no-manifest", url=url)
    part.rename(target)
    _forget_older(data, keep)
    return target


def bases(data: Path) -> list[Path]:
    """Oldest first."""
    parent = data.resolve() / BASES
    return sorted(one for one in parent.iterdir() if moment_of(one) is not None) if parent.is_dir() else []


@contextmanager
def as_of(data: Path, at: datetime, scratch: Path) -> Iterator[EmbeddedPostgres]:
    """A server of its own, in ``scratch``, with everything as it was at that moment. The folder stays; a server that
    was stopped by the caller is not stopped again. Raises BackupFailed when there is no base copy from before.
    """
    base = max((one for one in bases(data) if (moment_of(one) or at) <= at), default=None)
    if base is None:
        raise BackupFailed(f"there is no base copy from before {at:%Y-%m-%d %H:%M:%S} UTC")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700, parents=True)
    server = EmbeddedPostgres(scratch)
    shutil.copytree(base, server.data, symlinks=True)
    _to_account(data, server.data)
    _copy_tail(data.resolve(), server.data / "pg_wal")
    wal = quote(f"{_plain(data.resolve() / ARCHIVE)}/%f")
    recovery = {
        "restore_command": f'cp {wal} "%p"',
        "recovery_target_time": f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00",
        "recovery_target_action": "promote",
        "archive_mode": "off",
    }
    _configure(server, recovery)
    (server.data / "recovery.signal").touch()
    _to_account(data, server.data)
    try:
        _replay(server)
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.sockets, ignore_errors=True)


def put_in_place(data: Path, scratch: Path, at: datetime) -> Path:
    """The replayed folder becomes the server's; answers where the one in use went. Nothing may run over either."""
    own, kept = data.resolve() / "postgres", data.resolve() / f"postgres.before-{name_of(at).lower()}"
    conf = scratch.resolve() / "postgres" / "postgresql.auto.conf"
    lines = conf.read_text().splitlines(keepends=True)
    conf.write_text("".join(line for line in lines if not line.startswith(("restore_", "recovery_", "archive_"))))
    own.rename(kept)
    (scratch.resolve() / "postgres").rename(own)
    # What is written from now on is another history: the log of the old one does not continue it.
    for folder in (data.resolve() / ARCHIVE, data.resolve() / BASES):
        if folder.exists():
            folder.rename(folder.with_name(f"{folder.name}.before-{name_of(at).lower()}"))
    return kept


def _plain(path: Path) -> str:
    """The server reads "%" in its commands as the beginning of a name of its own."""
    return str(path).replace("%", "%%")


def _configure(server: EmbeddedPostgres, values: Mapping[str, str]) -> None:
    """The last line of a name counts."""
    with (server.data / "postgresql.auto.conf").open("a") as conf:
        conf.writelines(f"{name} = {_literal(value)}\n" for name, value in values.items())


def _copy_tail(data: Path, target: Path) -> None:
    """What the server has written and not archived yet. A piece that is being written ends where it does not check."""
    known = {one.name for one in (data / ARCHIVE).iterdir()} if (data / ARCHIVE).is_dir() else set()
    for piece in (data / "postgres" / "pg_wal").iterdir():
        if len(piece.name) == PIECE and piece.name not in known and not (target / piece.name).exists():
            shutil.copy2(piece, target / piece.name)


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _replay(server: EmbeddedPostgres) -> None:
    """The server may give up before it lets anybody in, or after: it reads on while it already answers."""
    try:
        server.start(PATIENCE_S)
        _until_promoted(server)
    except (CannotStart, BackupFailed):
        if server.is_running() or _TOO_SHORT not in server.log.read_text(errors="replace"):
            raise
        # Nothing was committed between the end of the log and that moment: the end is that moment.
        _configure(server, {"recovery_target_time": ""})
        server.start(PATIENCE_S)
        _until_promoted(server)


def _until_promoted(server: EmbeddedPostgres) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while (server.data / "recovery.signal").exists():
        if time.monotonic() > deadline or not server.is_running():
            raise BackupFailed(f"the log of changes does not reach that moment; see {server.log}")
        time.sleep(0.05)


def _forget_older(data: Path, keep: int) -> None:
    known = bases(data)
    for old in known[:-keep]:
        shutil.rmtree(old)
    labels = [_first_segment(one) for one in known[-keep:]]
    wal = data.resolve() / ARCHIVE
    if labels and wal.is_dir():
        _run("pg_archivecleanup", str(wal), min(labels), url="")


def _first_segment(base: Path) -> str:
    """The piece of the log that a base copy needs first: "START WAL LOCATION: 0/2000028 (file 0000…02)"."""
    line = (base / "backup_label").read_text().splitlines()[0]
    return line.rpartition("(file ")[2].rstrip(")")


def _to_account(data: Path, folder: Path) -> None:
    account = account_for(data.resolve() / "postgres")
    if account is None:
        return
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    private_folder(folder.parent)


def _run(name: str, *arguments: str, url: str) -> None:
    environ = {**os.environ, **environment(url)} if url else dict(os.environ)
    result = subprocess.run(  # noqa: S603 - our own binary and arguments
        [str(binaries() / name), *arguments], capture_output=True, text=True, check=False, env=environ
    )
    if result.returncode:
        words = result.stderr.strip().splitlines()
        raise BackupFailed(f"{name} failed: {words[-1] if words else f'code {result.returncode}'}")
