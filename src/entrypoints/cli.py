"""``halaqa``: everything that is done from a terminal."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

import click

from entrypoints.embedded.folders import CannotStart
from entrypoints.settings import PROJECT, Settings, complain, load_or_exit, markdown_table

if TYPE_CHECKING:
    from application.billing.verify_ledger import LedgerReport


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="halaqa", prog_name="halaqa")
def main() -> None:
    """Halaqa runs a school of Quran teachers.

    \b
    halaqa up             starts everything on this machine
    halaqa COMMAND -h     tells about one command

    Settings are environment variables that start with HALAQA_; `halaqa docs --settings` lists them.
    """


_academy = click.option("--academy", default=None, help="Which one, by id, host or name; the first one when left out.")


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

    from adapters.persistence.migrate import upgrade
    from adapters.persistence.revision import heads

    with _services(migrated=False) as settings:
        asyncio.run(upgrade(settings.database_url, target))
    click.echo(f"the database is at {', '.join(sorted(heads())) if target == 'head' else target}")


@main.command()
@click.option("--number", default=114, show_default=True, help="Another number gives another school.")
@click.option("--if-empty", is_flag=True, help="Do nothing when there are people in the database already.")
def seed(number: int, if_empty: bool) -> None:
    """Make the demo school: Qaris, students, months of lessons, payments and books that balance."""
    import asyncio

    from entrypoints.seed.plant import NotEmpty, plant

    def say(step: str) -> None:
        click.echo(f"Making the demo school: {step} …")

    with _services() as settings:
        if settings.production:
            complain("production has no demo school; HALAQA_ENV is production")
        try:
            planted = asyncio.run(plant(settings, number=number, say=say))
        except NotEmpty as error:
            if if_empty:
                return
            complain(f"{error}; the demo school wants an empty one")
    click.echo(
        f"Made {planted.qaris} Qaris, {planted.students} students, {planted.lessons} lessons, "
        f"{planted.payments} payments and {planted.refunds} refunds."
    )


@main.command("create-admin")
@click.option("--email", prompt=True, help="The address to sign in with.")
@click.option("--name", prompt=True, help="As colleagues will read it.")
@click.option(
    "--role",
    type=click.Choice(["owner", "admin", "finance", "support", "teaching_lead"]),
    default="admin",
    show_default=True,
)
@click.password_option(help="Asked for when left out, which keeps it out of the shell's history.")
@_academy
def create_admin(email: str, name: str, role: str, password: str, academy: str | None) -> None:
    """Make an account for the school's staff."""
    import asyncio

    from domain.errors import DomainError
    from domain.identity.permission import Role
    from entrypoints.operations import create_admin as create

    with _services(academy=academy) as settings:
        try:
            user = asyncio.run(create(settings, email=email, name=name, password=password, role=Role(role)))
        except DomainError as error:
            complain(error.message)
    click.echo(f"{user.name} ({role}) can sign in at {settings.admin_url}")


@main.command("create-academy")
@click.option("--name", prompt=True, help="As people will read it.")
@click.option("--owner-email", prompt=True, help="Who is invited to run it.")
@click.option("--host", multiple=True, help="Host name for students, guardians and Qaris; may be given again.")
@click.option("--admin-host", multiple=True, help="Host name for its staff; may be given again.")
def create_academy(name: str, owner_email: str, host: tuple[str, ...], admin_host: tuple[str, ...]) -> None:
    """Found another academy in this installation, with people, lessons and books of its own."""
    import asyncio

    from application.identity.academies import NewAcademy
    from domain.errors import DomainError
    from domain.identity.academy import Host, host_name
    from domain.identity.permission import Audience
    from entrypoints.operations import found_academy

    with _services() as settings:
        try:
            hosts = [Host(host_name(one), Audience.MAIN) for one in host]
            hosts += [Host(host_name(one), Audience.ADMIN) for one in admin_host]
            wanted = NewAcademy(name=name, owner_email=owner_email, hosts=tuple(hosts))
            made = asyncio.run(found_academy(settings, wanted))
        except DomainError as error:
            complain(error.message)
    click.echo(f"{made.name} is academy {made.id}; {owner_email} is invited to run it")


@main.command("verify-ledger")
@click.option("--academy", default=None, help="Only this one, by id, host or name.")
def verify_ledger(academy: str | None) -> None:
    """Prove that the books balance and agree with lessons, payments and providers; name what does not.

    Ends with code 1 when something does not agree.
    """
    import asyncio

    from domain.errors import NotFound
    from entrypoints.operations import academies_of
    from entrypoints.operations import verify_ledger as verify
    from ports.academy import within

    click.echo("Checking the books …", err=True)
    clean = True
    with _services() as settings:
        try:
            academies = asyncio.run(academies_of(settings, academy))
        except NotFound as error:
            complain(error.message)
        for one in academies:
            if len(academies) > 1:
                click.echo(f"== {one.name or settings.school_name} ({one.id})")
            with within(one.id):
                clean &= _told(asyncio.run(verify(settings)))
    sys.exit(0 if clean else 1)


def _told(report: "LedgerReport") -> bool:
    for mismatch in report.mismatches:
        click.echo(f"{mismatch.kind}: {mismatch.subject} {mismatch.message}")
    for name in report.unreachable:
        click.echo(f"unreachable: {name} did not answer; its books were not compared")
    for balance in report.balances:
        click.echo(f"{balance.group:<28} {balance.balance.amount:>16,} {balance.balance.currency}")
    asked = ", ".join(report.providers_asked) or "nobody"
    verdict = "everything agrees" if report.is_clean else f"{len(report.mismatches)} things do not agree"
    click.echo(f"{report.journals} journals; asked {asked}; {verdict}")
    return report.is_clean


@main.command("verify-audit")
@click.option("--known", default=None, metavar="ROW:SEAL", help="What an earlier run ended with; it must still hold.")
def verify_audit(known: str | None) -> None:
    """Prove that no row of the audit log was edited, removed or moved; name the first that was.

    The last line says where the log ends. Kept elsewhere and given back with --known, it shows that nobody wrote the
    whole log anew. Ends with code 1 when something is not as it was written.
    """
    import asyncio

    from entrypoints.operations import verify_audit as verify
    from ports.oversight.audit import AuditHead

    head = None
    if known is not None:
        number, _, seal = known.partition(":")
        try:
            head = AuditHead(seq=int(number), hash=bytes.fromhex(seal))
        except ValueError:
            complain("--known wants a row and its seal, as an earlier run printed them: 114:5feceb66…")
    with _services() as settings:
        report = asyncio.run(verify(settings, head))
    if report.broken is not None:
        click.echo(f"row {report.broken.seq} {report.broken.what}")
        sys.exit(1)
    click.echo(f"{report.rows} rows, all as they were written; ends with {report.head.seq}:{report.head.hash.hex()}")


@main.command("replay-webhooks")
@click.argument("webhook_ids", nargs=-1, type=click.UUID)
@click.option("--dead", is_flag=True, help="All that were given up.")
@_academy
def replay_webhooks(webhook_ids: tuple[UUID, ...], dead: bool, academy: str | None) -> None:
    """Let the worker try messages of payment providers again, by id or all dead ones."""
    import asyncio

    from entrypoints.operations import replay_webhooks as replay

    if not webhook_ids and not dead:
        complain("say which: one or more ids, or --dead")
    with _services(academy=academy) as settings:
        result = asyncio.run(replay(settings, webhook_ids, dead=dead))
    for webhook_id, reason in result.refused:
        click.echo(f"{webhook_id}: {reason}")
    click.echo(f"{len(result.done)} will be tried again")
    sys.exit(1 if result.refused else 0)


@main.command("rotate-keys")
def rotate_keys() -> None:
    """Seal every secret in the database anew with the newest key (the first of HALAQA_ENCRYPTION_KEYS).

    \b
    1. Put a new key in front:  HALAQA_ENCRYPTION_KEYS=new,old   and restart everything.
    2. Run this; it may run while the school is open, and as often as you like.
    3. Take the old key away:   HALAQA_ENCRYPTION_KEYS=new       and restart everything.
    """
    import asyncio

    from entrypoints.operations import rotate_keys as rotate
    from ports.cipher import CannotOpen

    with _services() as settings:
        try:
            for name, count in asyncio.run(rotate(settings)).items():
                click.echo(f"{name:<36} {count:>8}")
        except CannotOpen as error:
            complain(f"{error}; put back the key that is missing")
    click.echo("everything is sealed with the newest key")


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
def _one_line() -> Iterator[None]:
    """Ends with one clear line instead of a traceback for what the person at the terminal can put right."""
    try:
        yield
    except CannotStart as error:
        complain(str(error))


@contextmanager
def _services(*, migrated: bool = True, academy: str | None = None) -> Iterator[Settings]:
    """The database and Redis for one command: those that run, or embedded ones for as long as it takes."""
    import asyncio

    from adapters.persistence.revision import is_current
    from entrypoints.embedded.services import services

    with _one_line(), services(load_or_exit()) as settings:
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


if __name__ == "__main__":
    main()
