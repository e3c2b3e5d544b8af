"""Puts the system together. The one package that knows every adapter; only entrypoints and tests import it.

Each context has a container of its own beside this file: what it needs it declares as ``providers.Dependency``, what it
offers (use cases, queries) carries the name that handlers and jobs ask for. Needs are met by name, from the shared
parts and from what other contexts offer.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from dependency_injector import containers, providers
from litestar.di import Provide

from domain.identity.permission import Audience
from entrypoints.container.academies import AcademiesContainer
from entrypoints.container.accounts import AccountsContainer
from entrypoints.container.billing import BillingContainer
from entrypoints.container.booking import BookingContainer
from entrypoints.container.factors import FactorsContainer
from entrypoints.container.guardians import GuardiansContainer
from entrypoints.container.identity import IdentityContainer
from entrypoints.container.meetings import MeetingsContainer
from entrypoints.container.notification import NotificationContainer
from entrypoints.container.onboarding import OnboardingContainer
from entrypoints.container.oversight import OversightContainer
from entrypoints.container.scheduling import SchedulingContainer
from entrypoints.container.shared import Shared
from entrypoints.container.whatsapp import WhatsAppContainer
from entrypoints.settings import Settings

CONTEXTS: Final[tuple[type[containers.DeclarativeContainer], ...]] = (
    IdentityContainer,
    AccountsContainer,
    FactorsContainer,
    GuardiansContainer,
    SchedulingContainer,
    MeetingsContainer,
    BookingContainer,
    BillingContainer,
    OnboardingContainer,
    NotificationContainer,
    WhatsAppContainer,
    OversightContainer,
    AcademiesContainer,
)
HANDLERS: Final = "handlers"
"""The name under which a context offers its event subscribers: ``providers.Dict({"context.name": provider})``."""


class Unmet(Exception):
    """A context needs what nobody offers: a mistake in the wiring, found at the start."""


class Container:
    """The assembled system of one process. Providers are looked up as attributes: ``container.hold_slot()``."""

    def __init__(self, settings: Settings, audience: Audience) -> None:
        self.shared: Any = Shared(settings=providers.Object(settings), audience=providers.Object(audience))
        self.contexts: list[Any] = [context() for context in CONTEXTS]
        self.offers = self._offers()
        for kind, context in zip(CONTEXTS, self.contexts, strict=True):
            for name, need in context.dependencies.items():
                if name not in self.offers:
                    raise Unmet(f"{kind.__name__} needs {name!r}, which nobody offers")
                need.override(self.offers[name])

    def _offers(self) -> dict[str, providers.Provider[Any]]:
        offers = dict(_own(self.shared)) | {"settings": self.shared.settings, "audience": self.shared.audience}
        for context in self.contexts:
            for name, provider in _own(context):
                if name == HANDLERS:
                    continue
                if name in offers:
                    raise Unmet(f"two contexts offer {name!r}")
                offers[name] = provider
        offers["subscribers"] = providers.Singleton(self._subscribers)
        return offers

    def _subscribers(self) -> dict[str, Any]:
        """Subscriber name -> the use case that handles its events."""
        found: dict[str, Any] = {}
        for context in self.contexts:
            if HANDLERS in context.providers:
                found.update(context.providers[HANDLERS]())
        return found

    def __getattr__(self, name: str) -> providers.Provider[Any]:
        try:
            return self.offers[name]
        except KeyError:
            raise AttributeError(name) from None

    def dependencies(self) -> Mapping[str, Provide]:
        """For Litestar: a handler names a use case as its parameter and is given it."""
        return {name: use(provider) for name, provider in self.offers.items()}


def use(provider: providers.Provider[Any]) -> Provide:
    def build() -> Any:
        return provider()

    return Provide(build, sync_to_thread=False)


def _own(container: Any) -> Iterator[tuple[str, providers.Provider[Any]]]:
    for name, provider in container.providers.items():
        if not isinstance(provider, providers.Dependency | providers.Self):
            yield name, provider
