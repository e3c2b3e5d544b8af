"""Mail that comes back, and keys for messages to browsers."""

import sys

import click

from entrypoints.cli.common import main, services


@main.command("take-bounce")
def take_bounce() -> None:
    """Take in a report of mail that came back, from standard input.

    For the mail server's pipe on HALAQA_BOUNCE_ADDRESS and what follows its plus sign. Ends well for anything that is
    no report too: nobody is told of it by yet another mail. Ends with code 75 (try again later) when it cannot be kept.
    """
    import asyncio

    from entrypoints.embedded.folders import CannotStart
    from entrypoints.operations import take_bounce as take

    raw = sys.stdin.buffer.read()
    try:
        with services() as settings:
            outcome = asyncio.run(take(settings, raw))
    except (OSError, CannotStart) as error:
        click.echo(f"halaqa: not kept: {error}", err=True)
        sys.exit(75)
    click.echo(outcome)


@main.command("make-push-keys")
def make_push_keys() -> None:
    """Print a new key for HALAQA_PUSH_KEY. Browsers that have subscribed with another one have to do so again."""
    from adapters.messaging.push.keys import new_push_key

    click.echo(new_push_key())
