"""What the HTTP side needs to be told. The entrypoints fill it in from the settings."""

from urllib.parse import urlsplit

import msgspec

from domain.identity.permission import Audience


class RequestLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Requests within fifteen minutes: ``anonymous`` API calls and forms, and page views, of one address; all calls
    of one ``signed_in`` person; what one address reports by webhook.
    """

    anonymous: int = 100
    pages: int = 3000
    signed_in: int = 6000
    webhooks: int = 6000


class HttpConfig(msgspec.Struct, frozen=True, kw_only=True):
    """``base_url`` is how browsers reach this door, ``other_url`` the other one. ``secret`` signs CSRF proofs and
    flash messages. ``form_origins``: other origins a form may end at (a provider's checkout page). ``trusted_hosts``:
    host names that requests may use; the one of ``base_url`` when empty. ``trusted_proxies``: addresses and networks
    whose word we take for who is calling. ``cors_origins``: origins whose scripts may use the API. ``push_key``: by
    which browsers know messages of ours; empty where none are sent. ``static_url``: where browsers get styles, scripts
    and fonts instead of here. ``metrics_token``, ``metrics_networks``: who may read the numbers. ``strict``: a template
    that asks for what nobody gave is an error; before families it shows an empty place.
    """

    audience: Audience
    base_url: str
    secret: str
    other_url: str = ""
    school_name: str = "Halaqa"
    school_zone: str = "UTC"
    development: bool = False
    strict: bool = True
    form_origins: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    limits: RequestLimits = RequestLimits()
    push_key: str = ""
    metrics_token: str = ""
    metrics_networks: tuple[str, ...] = ("127.0.0.0/8", "::1")
    static_url: str = ""
    version: str = "0.1.0"

    @property
    def secure(self) -> bool:
        return self.base_url.startswith("https://")

    def cookie(self, name: str) -> str:
        """Browsers keep ``__Host-`` cookies to https and to this very host; plain http (loopback) cannot have them."""
        return f"__Host-{name}" if self.secure else name

    @property
    def static_origin(self) -> str:
        parts = urlsplit(self.static_url)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""

    @property
    def session_cookie(self) -> str:
        return self.cookie(f"halaqa_{self.audience}")

    @property
    def other_session_cookie(self) -> str:
        other = Audience.ADMIN if self.audience is Audience.MAIN else Audience.MAIN
        return self.cookie(f"halaqa_{other}")

    @property
    def refresh_cookie(self) -> str:
        return self.cookie(f"halaqa_{self.audience}_more")

    @property
    def other_refresh_cookie(self) -> str:
        return self.other_session_cookie + "_more"

    @property
    def visit_cookie(self) -> str:
        """Anonymous forms are bound to it."""
        return self.cookie(f"halaqa_visit_{self.audience}")

    @property
    def flash_cookie(self) -> str:
        return self.cookie(f"halaqa_flash_{self.audience}")
