"""Bringing the school up: everything at once, its schema, its demo, its staff and further academies."""

import sys

import click

from entrypoints.cli.common import academy_option, main, one_line, services
from entrypoints.settings import complain, load_or_exit


@main.command()
@click.option("--seed/--no-seed", default=True, help="Make the demo school when the database is empty.")
def up(seed: bool) -> None:
    """Start the whole school: database, Valkey, main, admin, sandbox provider and worker.

    Data stays in the data folder. What crashes is started again. Ctrl-C stops everything.
    """
    from entrypoints.supervisor import Supervisor

    settings = load_or_exit()
    with one_line():
        sys.exit(Supervisor(settings, seed=seed).run())


@main.command()
@click.option("--to", "target", default="head", show_default=True, help="Stop at this revision.")
def migrate(target: str) -> None:
    """Bring the database to the newest schema. Safe to run at any time, and by several at once."""
    import asyncio

    from adapters.persistence.migrate import upgrade
    from adapters.persistence.revision import heads

    with services(migrated=False) as settings:
        asyncio.run(upgrade(settings.database_url, target))
    click.echo(f"the database is at {', '.join(sorted(heads())) if target == 'head' else target}")


@main.command()
@click.option("--number", default=114, show_default=True, help="Another number gives another school.")
@click.option("--if-empty", is_flag=True, help="Do nothing when there are people in the school already.")
@academy_option
def seed(number: int, if_empty: bool, academy: str | None) -> None:
    """Make the demo school: Qaris, students, months of lessons, payments and books that balance."""
    import asyncio

    from entrypoints.seed.plant import NotEmpty, plant

    def say(step: str) -> None:
        click.echo(f"Making the demo school: {step} …")

    with services(academy=academy) as settings:
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
@academy_option
def create_admin(email: str, name: str, role: str, password: str, academy: str | None) -> None:
    """Make an account for the school's staff."""
    import asyncio

    from domain.errors import DomainError
    from domain.identity.permission import Role
    from entrypoints.operations import admin_url
    from entrypoints.operations import create_admin as create

    with services(academy=academy) as settings:
        try:
            user = asyncio.run(create(settings, email=email, name=name, password=password, role=Role(role)))
            address = asyncio.run(admin_url(settings))
        except DomainError as error:
            complain(error.message)
    click.echo(f"{user.name} ({role}) can sign in at {address}")


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

    with services() as settings:
        try:
            hosts = [Host(host_name(one), Audience.MAIN) for one in host]
            hosts += [Host(host_name(one), Audience.ADMIN) for one in admin_host]
            wanted = NewAcademy(name=name, owner_email=owner_email, hosts=tuple(hosts))
            made = asyncio.run(found_academy(settings, wanted))
        except DomainError as error:
            complain(error.message)
    click.echo(f"{made.name} is academy {made.id}; {owner_email} is invited to run it")
