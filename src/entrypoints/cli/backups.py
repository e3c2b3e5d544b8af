"""Keeping the school, and proving that it can be brought back. (OPS-05)"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from entrypoints.cli.common import main, one_line, services
from entrypoints.settings import Settings, complain, load_or_exit

if TYPE_CHECKING:
    from adapters.backup.bring_back import Restored
    from adapters.backup.seals import Seal

T = TypeVar("T")
_Folder = click.Path(path_type=Path, file_okay=False)
_Moment = click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"])


def _done(work: Callable[[], Awaitable[T]]) -> T:
    """Ends with one line for what went wrong."""
    import asyncio

    import asyncpg

    from adapters.backup.errors import BackupFailed

    async def run() -> T:
        return await work()

    try:
        return asyncio.run(run())
    except BackupFailed as error:
        complain(str(error))
    except (asyncpg.PostgresError, OSError) as error:
        complain(f"the database does not do it: {error}")


@main.command("backup")
@click.option("--to", "parent", type=_Folder, default=None, help="The folder of backups; `backups` in the data folder.")
@click.option("--keep", default=0, show_default=True, help="Remove all but so many afterwards; 0 keeps all.")
def backup(parent: Path | None, keep: int) -> None:
    """Keep the database and the uploaded files of this moment. The school may be open meanwhile."""
    from adapters.backup.folder import read_manifest
    from adapters.backup.make import prune
    from entrypoints.backups import backup_of, base_copy_of

    with services() as settings:
        made = _done(lambda: backup_of(settings, parent)(datetime.now(UTC)))
        if settings.point_in_time:
            base = _done_at_once(lambda: base_copy_of(settings)(datetime.now(UTC)))
            click.echo(f"{base}: from here on the database can go back to any minute")
    manifest = read_manifest(made)
    click.echo(f"{made}: {len(manifest.seals)} tables, {manifest.rows} rows, {len(manifest.files)} files")
    if manifest.files_elsewhere:
        click.echo("The uploaded files lie in a bucket: let the bucket keep versions of them.")
    for old in prune(made.parent, keep):
        click.echo(f"removed {old}")


@main.command("restore")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True), required=False)
@click.option("--at", "moment", type=_Moment, default=None, help="Go back to this moment (UTC) instead.")
def restore(folder: Path | None, moment: datetime | None) -> None:
    """Put a backup in the place of what is there. Stop the school first.

    It is brought back beside the database in use and compared row by row before it takes that one's place. What was in
    use before is renamed, not removed. With --at the embedded database goes back to any minute since its last base
    copy (HALAQA_POINT_IN_TIME); uploaded files stay as they are.
    """
    from entrypoints.backups import restore_into

    if (folder is None) == (moment is None):
        complain("name the folder of a backup, or a moment with --at")
    if folder is None:
        _go_back(moment)
        return
    with services(migrated=False) as settings:
        restored = _done(lambda: restore_into(settings)(folder, datetime.now(UTC)))
    _tell(restored)
    if restored.kept:
        click.echo(f"The database that was in use is now called {restored.kept}; drop it when nobody misses anything.")
    if restored.files_kept is not None:
        click.echo(f"The files that were in use are in {restored.files_kept}.")
    click.echo("Run `halaqa migrate` if this release is newer than the backup, then `halaqa verify-ledger`.")


@main.command("drill")
@click.option("--from", "folder", type=_Folder, default=None, help="A backup; a new one is made when left out.")
@click.option(
    "--at", "moment", type=_Moment, default=None, help="Replay the embedded database up to this moment (UTC)."
)
def drill(folder: Path | None, moment: datetime | None) -> None:
    """Prove that a backup can be brought back: into a scratch database, compared row by row, and dropped again.

    Ends with code 2 and the reason when it cannot.
    """
    from entrypoints.backups import backup_of, restore_into, state_at

    if moment is not None:
        at = moment.replace(tzinfo=UTC)
        with embedded_only() as settings:
            found = _done_at_once(lambda: state_at(settings, at))
        _tell_state(found, at)
        return
    with services() as settings:
        if folder is None:
            folder = _done(lambda: backup_of(settings, None)(datetime.now(UTC)))
        wanted = folder
        restored = _done(lambda: restore_into(settings).drill(wanted, datetime.now(UTC)))
    _tell(restored)


def _go_back(moment: datetime | None) -> None:
    from entrypoints.backups import go_back
    from entrypoints.embedded.services import owning

    at = (moment or datetime.now(UTC)).replace(tzinfo=UTC)
    with embedded_only() as settings, owning(settings.data):
        found, kept = _done_at_once(lambda: go_back(settings, at, datetime.now(UTC)))
    _tell_state(found, at)
    click.echo(f"What was in use is in {kept}; remove it when nobody misses anything.")


@contextmanager
def embedded_only() -> Iterator[Settings]:
    settings = load_or_exit()
    if settings.database_url:
        complain("a database of your own goes back to a moment by its own means; --at is for the embedded one")
    with one_line():
        yield settings


def _done_at_once(work: Callable[[], T]) -> T:
    from adapters.backup.errors import BackupFailed

    try:
        return work()
    except BackupFailed as error:
        complain(str(error))


def _tell_state(found: "Mapping[str, Seal]", at: datetime) -> None:
    rows = sum(seal.rows for seal in found.values())
    click.echo(f"{len(found)} tables with {rows} rows, as they were at {at:%Y-%m-%d %H:%M:%S} UTC")


def _tell(restored: "Restored") -> None:
    manifest = restored.manifest
    click.echo(
        f"{restored.tables} tables with {manifest.rows} rows came back as they were at {manifest.at:%Y-%m-%d %H:%M} UTC"
        f" (schema {manifest.revision}); {len(manifest.files)} files"
    )
