"""``halaqa``: everything that is done from a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from entrypoints.embedded.folders import CannotStart
from entrypoints.settings import PROJECT, Settings, complain, load_or_exit, markdown_table


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="halaqa", prog_name="halaqa")
def main() -> None:
    """Halaqa runs a school of Quran teachers.

    \b
    halaqa up             starts everything on this machine
    halaqa COMMAND -h     tells about one command

    Settings are environment variables that start with HALAQA_; `halaqa docs --settings` lists them.
    """


@main.command()
@click.option("--seed/--no-seed", default=True, help="Make the demo school when the database is empty.")
def up(seed: bool) -> None:
    """Start the whole school: database, Valkey, main, admin, sandbox provider and worker.

    Data stays in the data folder. What crashes is started again. Ctrl-C stops everything.
    """
    from entrypoints.supervisor import Supervisor

    settings = load_or_exit()
    with _one_line():
        sys.exit(Supervisor(settings, seed=seed).run())


@main.command()
@click.option("--to", "target", default="head", show_default=True, help="Stop at this revision.")
def migrate(target: str) -> None:
    """Bring the database to the newest schema. Safe to run at any time, and by several at once."""
    import asyncio

    from adapters.persistence.migrate import heads, upgrade

    with _services() as settings:
        asyncio.run(upgrade(settings.database_url, target))
    click.echo(f"the database is at {', '.join(sorted(heads())) if target == 'head' else target}")


@main.command("serve-main")
def serve_main() -> None:
    """Serve students, guardians and Qaris (HALAQA_MAIN_PORT)."""
    settings = _of_one_process("main")
    from entrypoints.main import create_main
    from entrypoints.serve import serve

    serve(create_main(settings), settings, settings.main_port)


@main.command("serve-admin")
def serve_admin() -> None:
    """Serve the school's staff (HALAQA_ADMIN_PORT)."""
    settings = _of_one_process("admin")
    from entrypoints.admin import create_admin
    from entrypoints.serve import serve

    serve(create_admin(settings), settings, settings.admin_port)


@main.command("serve-sandbox")
def serve_sandbox() -> None:
    """Serve the built-in payment provider (HALAQA_SANDBOX_PORT)."""
    settings = _of_one_process("sandbox")
    from entrypoints.sandbox import create_sandbox
    from entrypoints.serve import serve

    serve(create_sandbox(settings), settings, settings.sandbox_port)


@main.command("serve-worker")
def serve_worker() -> None:
    """Run jobs: events, webhooks, mails, refunds, and the sweeps. As many of them as you like."""
    settings = _of_one_process("worker")
    from entrypoints.work import work

    work(settings)


@main.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when a page is stale.")
@click.option("--settings", is_flag=True, help="Only print the table of all settings.")
def docs(check: bool, settings: bool) -> None:
    """Write the generated pages: permissions, lifecycles, the settings in the README."""
    from entrypoints.docs import stale_docs, write_docs

    if settings:
        click.echo(markdown_table())
    elif check:
        stale = [str(path.relative_to(PROJECT)) for path in stale_docs(PROJECT)]
        if stale:
            complain(f"{', '.join(stale)} is stale; `make format` writes it anew")
    else:
        for path in write_docs(PROJECT):
            click.echo(f"wrote {path.relative_to(PROJECT)}")


def _of_one_process(name: str) -> Settings:
    """It starts no servers of its own."""
    from entrypoints.serve import configure_logging

    settings = load_or_exit()
    for field in ("database_url", "redis_url"):
        if not getattr(settings, field):
            complain(f"HALAQA_{field.upper()} must be set for a single process; `halaqa up` brings servers of its own")
    configure_logging(settings, name)
    return settings


@contextmanager
def _one_line() -> Iterator[None]:
    """Ends with one clear line instead of a traceback for what the person at the terminal can put right."""
    try:
        yield
    except CannotStart as error:
        complain(str(error))


@contextmanager
def _services() -> Iterator[Settings]:
    """The database and Redis for one command: those that run, or embedded ones for as long as it takes."""
    from entrypoints.embedded.services import services

    with _one_line(), services(load_or_exit()) as settings:
        yield settings


if __name__ == "__main__":
    main()
