"""All addresses of both doors. A module of pages or of the API says which of its controllers belong where."""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from domain.identity.permission import Audience

API: Final = (
    "identity",
    "sessions",
    "accounts",
    "accounts_staff",
    "factors",
    "scheduling",
    "calendars",
    "classes",
    "meeting_hosts",
    "booking",
    "guardians",
    "safety",
    "billing",
    "billing_staff",
    "onboarding",
    "onboarding_staff",
    "trials",
    "notification",
    "whatsapp",
    "browsers",
    "oversight",
    "office",
    "people_staff",
    "audit",
    "academies",
)
WEB: Final = (
    "legacy",
    "public",
    "discovery",
    "preferences",
    "identity",
    "sessions",
    "second_factor",
    "providers",
    "security",
    "account",
    "reset",
    "onboarding",
    "student",
    "family",
    "consents",
    "lessons",
    "qari",
    "qari_availability",
    "qari_calendars",
    "classes",
    "admin",
    "notes",
    "whatsapp",
    "browsers",
    "styleguide",
)


def controllers_for(audience: Audience) -> list[Any]:
    """Controllers, routers and handlers, in a fixed order."""
    name = "CONTROLLERS_MAIN" if audience is Audience.MAIN else "CONTROLLERS_ADMIN"
    return [controller for module in _modules() for controller in getattr(import_module(module), name, ())]


def _modules() -> Sequence[str]:
    names = [f"adapters.http.api.{module}" for module in API]
    names += [f"adapters.http.web.{module}" for module in WEB]
    names += [
        "adapters.http.branding",
        "adapters.http.webhooks",
        "adapters.http.payment_return",
        "adapters.http.identity_webhook",
        "adapters.http.bounce_webhook",
    ]
    names += ["adapters.http.meeting_webhook", "adapters.http.whatsapp_webhook"]
    return [name for name in names if find_spec(name) is not None]
