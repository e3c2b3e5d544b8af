"""One process each, for installations that start them by themselves; and the generated pages."""

import click

from entrypoints.cli.common import main, of_one_process
from entrypoints.settings import PROJECT, complain, load_or_exit, markdown_table


@main.command("serve-main")
def serve_main() -> None:
    """Serve students, guardians and Qaris (HALAQA_MAIN_PORT)."""
    settings = of_one_process("main")
    from entrypoints.main import create_main
    from entrypoints.serve import serve

    serve(create_main(settings), settings, settings.main_port)


@main.command("serve-admin")
def serve_admin() -> None:
    """Serve the school's staff (HALAQA_ADMIN_PORT)."""
    settings = of_one_process("admin")
    from entrypoints.admin import create_admin
    from entrypoints.serve import serve

    serve(create_admin(settings), settings, settings.admin_port)


@main.command("serve-sandbox")
def serve_sandbox() -> None:
    """Serve the built-in payment provider (HALAQA_SANDBOX_PORT)."""
    settings = of_one_process("sandbox")
    from entrypoints.sandbox import create_sandbox
    from entrypoints.serve import serve

    serve(create_sandbox(settings), settings, settings.sandbox_port)


@main.command("serve-worker")
def serve_worker() -> None:
    """Run jobs: events, webhooks, mails, refunds, and the sweeps. As many of them as you like."""
    settings = of_one_process("worker")
    from entrypoints.work import work

    work(settings)


@main.command()
def reload() -> None:
    """Let `halaqa up` replace its processes one by one, for a new release or new secrets, while the school is open.

    Run `halaqa migrate` first. Nobody is turned away: a new process serves before the old one leaves.
    """
    import os
    import signal

    settings = load_or_exit()
    try:
        os.kill(int((settings.data / "lock").read_text()), signal.SIGUSR1)
    except (OSError, ValueError):
        complain(f"no school is open on {settings.data}; `halaqa up` opens one")


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
