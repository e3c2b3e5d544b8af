"""The providers that the school has set up, as they are written in a setting. (ID-02)"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from adapters.oidc import OidcSettings

PRESETS: Final[Mapping[str, Mapping[str, Any]]] = {
    # Google signs with and without the scheme. Source: Google Identity docs, "Validating an ID token".
    "google": {"label": "Google", "issuer": "https://accounts.google.com", "issuers": ("accounts.google.com",)},
    # Its description leaves out the token endpoint, and it does not vouch for addresses: nobody is joined to an account
    # by them. Source: Meta for Developers, "OIDC Token with Manual Flow".
    "facebook": {
        "label": "Facebook",
        "issuer": "https://www.facebook.com",
        "scope": "openid email public_profile",
        "token_endpoint": "https://graph.facebook.com/v21.0/oauth/access_token",
    },
}
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry. ``name`` alone is enough where it is a preset's; any other provider needs ``issuer``."""

    name: str
    client_id: str
    client_secret: str
    label: str = ""
    issuer: str = ""
    scope: str = ""


def read_providers(text: str) -> tuple[OidcSettings, ...]:
    """``[{"name": "google", "client_id": "…", "client_secret": "…"}, …]``; none for an empty text. Raises ValueError
    with a reason that shows no secret.
    """
    if not text.strip():
        return ()
    try:
        entries = msgspec.json.decode(text, type=list[Written])
    except msgspec.DecodeError as error:
        raise ValueError(f"is not a JSON list of providers: {error}") from None
    providers = tuple(_provider(entry) for entry in entries)
    if len({provider.name for provider in providers}) != len(providers):
        raise ValueError("names a provider twice")
    return providers


def _provider(entry: Written) -> OidcSettings:
    if _NAME.fullmatch(entry.name) is None:
        raise ValueError(f"has a provider {entry.name!r}; names are small letters, digits and -")
    if not entry.client_id or not entry.client_secret:
        raise ValueError(f"lacks the client id or secret of {entry.name}")
    told = {field: value for field in ("label", "issuer", "scope") if (value := getattr(entry, field))}
    fields = {"label": entry.name.capitalize(), **PRESETS.get(entry.name, {}), **told}
    parts = urlsplit(str(fields.get("issuer", "")))
    if not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)) or not parts.netloc:
        raise ValueError(f"lacks the issuer of {entry.name}, an https address")
    return OidcSettings(name=entry.name, client_id=entry.client_id, client_secret=entry.client_secret, **fields)
