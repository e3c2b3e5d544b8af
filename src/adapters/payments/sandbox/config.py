"""What the sandbox needs to know to run."""

from collections.abc import Mapping

import msgspec


class WebhookEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where an account's events go. While a secret is rotated there are several: every one signs. (PAYM-07)"""

    url: str
    secrets: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.secrets or not all(self.secrets):
            raise ValueError("a webhook endpoint needs at least one secret")


class SandboxConfig(msgspec.Struct, frozen=True, kw_only=True):
    """``endpoints`` maps each account to its webhook endpoint; the first account is the default one.

    ``public_url`` is how browsers reach the checkout page, without a slash at the end. ``delayed_s`` is how long the
    delayed card (and a pending refund) takes. ``retry_base_s`` is the wait after the first failed delivery, the
    later ones grow from it. ``hang_s`` is how long a call stays unanswered under the "timeout" fault.
    """

    database_url: str
    secret_key: str
    public_url: str
    endpoints: Mapping[str, WebhookEndpoint]
    delayed_s: float = 20.0
    retry_base_s: float = 2.0
    hang_s: float = 30.0
    delivery_timeout_s: float = 10.0

    def __post_init__(self) -> None:
        if not self.secret_key:
            raise ValueError("the sandbox needs a secret key")
        if not self.endpoints:
            raise ValueError("the sandbox needs at least one account")

    @property
    def default_account(self) -> str:
        return next(iter(self.endpoints))
