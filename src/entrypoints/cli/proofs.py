"""Proving that books and audit log are as they were written, and what is mended by hand."""

import sys
from typing import TYPE_CHECKING
from uuid import UUID

import click

from entrypoints.cli.common import academy_option, main, services
from entrypoints.settings import complain

if TYPE_CHECKING:
    from application.billing.verify_ledger import LedgerReport


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
    with services() as settings:
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
    with services() as settings:
        report = asyncio.run(verify(settings, head))
    if report.broken is not None:
        click.echo(f"row {report.broken.seq} {report.broken.what}")
        sys.exit(1)
    click.echo(f"{report.rows} rows, all as they were written; ends with {report.head.seq}:{report.head.hash.hex()}")


@main.command("replay-webhooks")
@click.argument("webhook_ids", nargs=-1, type=click.UUID)
@click.option("--dead", is_flag=True, help="All that were given up.")
@academy_option
def replay_webhooks(webhook_ids: tuple[UUID, ...], dead: bool, academy: str | None) -> None:
    """Let the worker try messages of payment providers again, by id or all dead ones."""
    import asyncio

    from entrypoints.operations import replay_webhooks as replay

    if not webhook_ids and not dead:
        complain("say which: one or more ids, or --dead")
    with services(academy=academy) as settings:
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

    with services() as settings:
        try:
            for name, count in asyncio.run(rotate(settings)).items():
                click.echo(f"{name:<36} {count:>8}")
        except CannotOpen as error:
            complain(f"{error}; put back the key that is missing")
    click.echo("everything is sealed with the newest key")
