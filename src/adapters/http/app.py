"""One door: a Litestar application with our own rules around it. Both entrypoints build theirs here."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ASGIApp

from adapters.http.authentication import Authentication, Authenticator, Refresher
from adapters.http.branding import Branded, Brands
from adapters.http.config import HttpConfig
from adapters.http.direct import Direct, Finery
from adapters.http.guard import guard
from adapters.http.health import HealthController, Probe, Tell
from adapters.http.hijri import Reckoned, Reckonings, Terminologies
from adapters.http.hosts import Directory, Hosts
from adapters.http.https import HttpsOnly
from adapters.http.languages import AccountLanguage, VisitorLanguage
from adapters.http.limits import Limits
from adapters.http.metrics import Metrics
from adapters.http.narrowed import narrowed
from adapters.http.observe import AccessLog, Observe, said
from adapters.http.openapi import openapi_config
from adapters.http.pollution import one_of_each
from adapters.http.problem import problem
from adapters.http.static import static_file
from adapters.http.templating import Renderer
from adapters.http.unread import CountNews, Unread
from ports.clock import Clock
from ports.throttle import Throttle

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def create_app(
    *,
    config: HttpConfig,
    controllers: Sequence[Any],
    dependencies: Mapping[str, Provide],
    authenticator: Authenticator,
    clock: Clock,
    refresher: Refresher | None = None,
    throttle: Throttle | None = None,
    brands: Brands | None = None,
    reckonings: Reckonings | None = None,
    terminologies: Terminologies | None = None,
    directory: Directory | None = None,
    count_news: CountNews | None = None,
    probes: Mapping[str, Probe] | None = None,
    tell: Tell | None = None,
    access: AccessLog = said,
    lifespan: Sequence[Lifespan] = (),
) -> Litestar:
    """``controllers``: see ``routes.controllers_for``. ``dependencies``: use cases and queries by parameter name.
    ``probes``: what readiness looks at, by name. Without a ``throttle`` nobody is held back; without a ``directory``
    there is one academy. ``tell``: makes what ``/metrics`` says out of what this application has counted.
    ``brands``: the looks of the academy at hand; ``reckonings``: by which moon it counts its days;
    ``terminologies``: what it calls the parts of memorizing; ``count_news``: how much of it its reader has not seen.
    """
    metrics = Metrics(config.audience.value)
    authentication = Authentication(config, authenticator, refresher)
    limits = Limits(config, throttle) if throttle is not None else None
    news = Unread(count_news) if count_news is not None else None
    app = Litestar(
        [HealthController, static_file, *narrowed(controllers, dependencies)],
        guards=[one_of_each, guard],
        middleware=[
            authentication,
            *([limits] if limits is not None else []),
            AccountLanguage(),
            *([news] if news is not None else []),
        ],
        exception_handlers={Exception: problem},
        openapi_config=openapi_config(config),
        cors_config=_cross_origin(config),
        compression_config=CompressionConfig(
            backend="gzip", gzip_compress_level=4, minimum_size=1400, exclude_opt_key="exclude_from_compression"
        ),
        logging_config=None,
        request_max_body_size=1_000_000,
        state=State(
            {
                "http": config,
                "renderer": Renderer(
                    clock, development=config.development, strict=config.strict, static_url=config.static_url
                ),
                "metrics": metrics,
                "tell": tell,
                "probes": dict(probes or {}),
            }
        ),
        lifespan=list(lifespan),
        debug=False,
    )
    branded = Branded(app.asgi_handler, brands) if brands is not None else None
    inner: ASGIApp = branded or app.asgi_handler
    reckoned = Reckoned(inner, reckonings, terminologies) if reckonings is not None else None
    hosts = Hosts(HttpsOnly(reckoned or inner, config), config, directory)
    observe = Observe(VisitorLanguage(hosts), config, metrics, access)
    app.asgi_handler = Direct(
        app,
        observe,
        config,
        observe=observe,
        hosts=hosts,
        authentication=authentication,
        limits=limits,
        finery=Finery(branded, reckoned, news),
    )
    return app


def _cross_origin(config: HttpConfig) -> CORSConfig | None:
    """Scripts of other origins may use the API with a Bearer token where the school allows it; cookies never cross."""
    if not config.cors_origins:
        return None
    return CORSConfig(
        allow_origins=list(config.cors_origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["authorization", "content-type", "idempotency-key", "if-none-match"],
        allow_credentials=False,
        expose_headers=["x-request-id", "retry-after"],
        max_age=600,
    )
