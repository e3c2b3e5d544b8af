"""What the commands share: their group, and the servers that they need."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import click

from entrypoints.embedded.folders import CannotStart
from entrypoints.settings import Settings, complain, load_or_exit


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="halaqa", prog_name="halaqa")
def main() -> None:
    """Halaqa runs a school of Quran teachers.

    \b
    halaqa up             starts everything on this machine
    halaqa COMMAND -h     tells about one command

    Settings are environment variables that start with HALAQA_; `halaqa docs --settings` lists them.
    """


academy_option = click.option(
    "--academy", default=None, help="Which one, by id, host or name; the first one when left out."
)


def of_one_process(name: str) -> Settings:
    """It starts no servers of its own."""
    # What is loaded now stays for good: collecting garbage meanwhile costs a sixth of the start.
    gc.disable()
    from entrypoints.serve import configure_logging

    settings = load_or_exit()
    for field in ("database_url", "redis_url"):
        if not getattr(settings, field):
            complain(f"HALAQA_{field.upper()} must be set for a single process; `halaqa up` brings servers of its own")
    configure_logging(settings, name)
    return settings


@contextmanager
def one_line() -> Iterator[None]:
    """Ends with one clear line instead of a traceback for what the person at the terminal can put right."""
    try:
        yield
    except CannotStart as error:
        complain(str(error))


@contextmanager
def services(*, migrated: bool = True, academy: str | None = None) -> Iterator[Settings]:
    """The database and Redis for one command: those that run, or embedded ones for as long as it takes."""
    import asyncio

    from adapters.persistence.revision import is_current
    from entrypoints.embedded.services import services as embedded

    with one_line(), embedded(load_or_exit()) as settings:
        if migrated and not asyncio.run(is_current(settings.database_url)):
            raise CannotStart("the database is not at the newest schema; run `halaqa migrate`")
        if academy is None:
            yield settings
            return
        from domain.errors import NotFound
        from entrypoints.operations import academies_of
        from ports.academy import within

        try:
            [wanted] = asyncio.run(academies_of(settings, academy))
        except NotFound as error:
            complain(error.message)
        with within(wanted.id):
            yield settings
