"""What the provider of WhatsApp has to approve. (NOTI-02)"""

import click

from entrypoints.cli.common import main
from entrypoints.settings import load_or_exit


@main.command("whatsapp-templates")
@click.option("--links", default="", help="Where the buttons lead; the school's address when left out.")
def whatsapp_templates(links: str) -> None:
    """Print the templates that WhatsApp has to approve, one JSON body a line."""
    import msgspec

    from adapters.languages.text import translator
    from adapters.messaging.whatsapp.templates import to_approve

    for template in to_approve(links or load_or_exit().main_url, translator):
        click.echo(msgspec.json.encode(template).decode())
