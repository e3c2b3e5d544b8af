"""What both doors have in common: one Litestar application over the assembled system."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar

from adapters.http.app import create_app
from adapters.http.config import HttpConfig, RequestLimits
from adapters.http.observe import said
from adapters.http.routes import controllers_for
from adapters.persistence.revision import current, heads
from adapters.quran import mushaf
from adapters.storage.probe import try_to_write
from domain.identity.permission import Audience
from entrypoints.access import access_log
from entrypoints.closing import close_connections
from entrypoints.container import Container
from entrypoints.container.push import public_push_key
from entrypoints.container.stripe import stripe_pages
from entrypoints.exposition import Exposition
from entrypoints.settings import Settings
from entrypoints.watch import keep_watch

Probe = Callable[[], Awaitable[None]]


class NotMigrated(Exception):
    """``halaqa migrate`` brings the database up."""


def create(settings: Settings, audience: Audience) -> Litestar:
    """Connects lazily: the process starts without its database, and says in ``/health/ready`` that it is not ready.
    Raises AlteredText: without the text that was checked nothing starts.
    """
    mushaf()
    container = Container(settings, audience)
    exposition = Exposition(settings, audience.value, container)
    main, access = audience is Audience.MAIN, access_log()

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        watch = asyncio.create_task(keep_watch(container.watch_worker))
        try:
            async with exposition.left_for_others(app.state.metrics.text):
                yield
        finally:
            watch.cancel()
            if access is not None:
                access.flush()
            if (line := container.redis_line()) is not None:
                line.give_up()
            await close_connections(container)

    return create_app(
        config=HttpConfig(
            audience=audience,
            base_url=settings.main_url if main else settings.admin_url,
            other_url=settings.admin_url if main else settings.main_url,
            secret=settings.secret_key,
            school_name=settings.school_name,
            school_zone=settings.school_zone,
            development=not settings.production,
            strict=not settings.production,
            form_origins=(settings.sandbox_url, *stripe_pages(settings)) if main else (),
            trusted_hosts=settings.trusted_hosts,
            trusted_proxies=settings.trusted_proxies,
            cors_origins=settings.cors_origins,
            metrics_token=settings.metrics_token,
            metrics_networks=settings.metrics_networks,
            push_key=public_push_key(settings),
            static_url=settings.static_url,
            limits=RequestLimits(
                anonymous=settings.limit_anonymous,
                pages=settings.limit_pages,
                signed_in=settings.limit_signed_in,
                webhooks=settings.limit_webhooks,
            ),
        ),
        controllers=controllers_for(audience),
        dependencies=container.dependencies(),
        authenticator=container.authenticate(),
        clock=container.clock(),
        refresher=container.refresh(),
        throttle=container.throttle(),
        directory=container.academies(),
        brands=container.see_brand(),
        reckonings=container.see_reckoning(),
        terminologies=container.see_terminology(),
        count_news=container.notification_queries().unread_notes if main else None,
        probes=_probes(container, settings.data),
        tell=exposition,
        access=access or said,
        lifespan=[lifespan],
    )


def _probes(container: Container, folder: Path) -> dict[str, Probe]:
    wanted = heads()

    async def database() -> None:
        found = await current(container.engine())
        if found != wanted:
            raise NotMigrated(f"the database is at {sorted(found)}, this release needs {sorted(wanted)}")

    async def redis() -> None:
        await container.redis().ping()

    async def data_folder() -> None:
        await try_to_write(folder)

    return {"database": database, "redis": redis, "data_folder": data_folder}
