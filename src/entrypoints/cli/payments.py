"""The school's accounts at payment providers, looked at from a terminal."""

import sys

import click

from entrypoints.cli.common import main, services


@main.command("check-providers")
def check_providers() -> None:
    """Ask every payment account whether it knows our keys. Nothing is changed.

    Ends with code 1 when one of them does not answer.
    """
    import asyncio

    from entrypoints.operations import check_providers as check

    with services() as settings:
        found = asyncio.run(check(settings))
    for account in found:
        name, modes = f"{account.provider}/{account.account}", ", ".join(account.modes)
        click.echo(f"{name:<28} {account.answer:<8} {account.reason or modes}")
    sys.exit(0 if all(account.answer == "answers" for account in found) else 1)
