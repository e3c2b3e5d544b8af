"""What the type of a setting cannot say."""

import base64
import binascii
import re
from collections.abc import Collection, Iterable
from ipaddress import ip_network
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from adapters.error_reports import read_dsn
from adapters.google.accounts import read_google_accounts
from adapters.meetings.zoom.accounts import read_accounts as read_zoom_accounts
from adapters.messaging.email.smtp_server import read_smtp
from adapters.messaging.push.keys import read_push_key
from adapters.messaging.whatsapp.accounts import read_accounts as read_whatsapp
from adapters.oidc_settings import read_providers
from adapters.payments.razorpay.accounts import read_accounts as read_razorpay_accounts
from adapters.payments.stripe.accounts import read_accounts as read_stripe_accounts
from domain.errors import Invalid
from domain.time import zone_of

if TYPE_CHECKING:
    from entrypoints.settings import Settings

PREFIX: Final = "HALAQA_"
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ACCOUNT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9a-fA-F:]+\](:\d{1,5})?")
_PATH: Final = re.compile(r"[A-Za-z0-9._~/-]*")
_DEVELOPMENT: Final = "development-only-"
_MUST_BE_SET: Final = ("main_url", "admin_url", "database_url", "redis_url", "secret_key", "encryption_keys")


class SettingsError(Exception):
    """One line that names the setting."""


def _refuse(field: str, reason: str) -> SettingsError:
    return SettingsError(f"{PREFIX}{field.upper()} {reason}")


def check(settings: "Settings") -> None:
    """Raises SettingsError."""
    for field in ("main_url", "admin_url", "sandbox_url", "jitsi_url"):
        _check_address(field, getattr(settings, field))
    _check_static_url(settings.static_url)
    for origin in settings.cors_origins:
        _check_origin(origin)
    for pair in settings.provider_urls:
        _check_provider_url(pair, plain=not settings.production)
    _check_scheme("database_url", settings.database_url, {"postgresql", "postgres", "postgresql+asyncpg"})
    _check_scheme("redis_url", settings.redis_url, {"redis", "rediss", "unix"})
    if len({settings.main_port, settings.admin_port, settings.sandbox_port}) != 3:
        raise _refuse("main_port", "and the ports of admin and sandbox must be three different ones")
    for key in settings.encryption_keys:
        _check_fernet(key)
    if not settings.encryption_keys:
        raise _refuse("encryption_keys", "needs at least one key")
    for field in ("mail_from", "admin_copy_email", "bounce_address"):
        value = getattr(settings, field)
        if value and not _EMAIL.fullmatch(value):
            raise _refuse(field, f"is {value!r}, which is not an e-mail address")
    if settings.jitsi_app_id and not settings.jitsi_secret:
        raise _refuse("jitsi_secret", "is needed when HALAQA_JITSI_APP_ID is set")
    if settings.storage == "s3":
        for field in ("s3_bucket", "s3_access_key", "s3_secret_key"):
            if not getattr(settings, field):
                raise _refuse(field, "is needed when HALAQA_STORAGE is s3")
    if not settings.sandbox_accounts or not all(_ACCOUNT.fullmatch(name) for name in settings.sandbox_accounts):
        raise _refuse("sandbox_accounts", "needs names of small letters, digits, - and _")
    if not settings.sandbox_webhook_secrets:
        raise _refuse("sandbox_webhook_secrets", "needs at least one secret")
    try:
        read_providers(settings.oidc_providers)
    except ValueError as error:
        raise _refuse("oidc_providers", str(error)) from error
    for address in settings.alert_emails:
        if not _EMAIL.fullmatch(address):
            raise _refuse("alert_emails", f"has {address!r}, which is not an e-mail address")
    for network in settings.metrics_networks:
        try:
            ip_network(network, strict=False)
        except ValueError as error:
            raise _refuse("metrics_networks", f"has {network!r}, which is no address or network") from error
    try:
        read_dsn(settings.error_dsn)
    except ValueError as error:
        raise _refuse("error_dsn", str(error)) from error
    try:
        read_stripe_accounts(settings.stripe_accounts)
    except ValueError as error:
        raise _refuse("stripe_accounts", str(error)) from error
    try:
        read_razorpay_accounts(settings.razorpay_accounts)
    except ValueError as error:
        raise _refuse("razorpay_accounts", str(error)) from error
    try:
        read_google_accounts(settings.google_accounts)
    except ValueError as error:
        raise _refuse("google_accounts", str(error)) from error
    try:
        read_zoom_accounts(settings.zoom_accounts)
    except ValueError as error:
        raise _refuse("zoom_accounts", str(error)) from error
    for field, read in (("smtp_url", read_smtp), ("push_key", read_push_key), ("whatsapp_accounts", read_whatsapp)):
        try:
            read(getattr(settings, field))
        except ValueError as error:
            raise _refuse(field, str(error)) from error
    try:
        zone_of(settings.school_zone)
    except Invalid as error:
        raise _refuse("school_zone", f"is wrong: {error.message}") from error


def _check_provider_url(pair: str, *, plain: bool) -> None:
    name, _, url = pair.partition("=")
    parts = urlsplit(url)
    if (
        not _ACCOUNT.fullmatch(name)
        or not parts.hostname
        or parts.scheme not in ({"https", "http"} if plain else {"https"})
    ):
        raise _refuse("provider_urls", f"has {pair!r}; it should look like stripe=https://api.stripe.com")


def _check_origin(origin: str) -> None:
    parts = urlsplit(origin)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        raise _refuse("cors_origins", f"has {origin!r}, which is not an origin such as https://app.example")


def _check_static_url(url: str) -> None:
    """Its origin ends up in a header, so it is nothing but scheme, name and port."""
    parts = urlsplit(url)
    if url and (
        parts.scheme not in {"http", "https"}
        or not _HOST.fullmatch(parts.netloc)
        or not _PATH.fullmatch(parts.path)
        or parts.query
        or parts.fragment
    ):
        raise _refuse(
            "static_url", f"is {url!r}; it should look like https://cdn.example or https://cdn.example/school"
        )


def check_production(settings: "Settings", given: Collection[str]) -> None:
    """Raises SettingsError for what is good enough for a laptop only."""
    for field in _MUST_BE_SET:
        if field not in given:
            raise _refuse(field, "must be set in production")
    for field in ("main_url", "admin_url"):
        if not getattr(settings, field).startswith("https://"):
            raise _refuse(field, "must start with https:// in production")
    if settings.static_url and not settings.static_url.startswith("https://"):
        raise _refuse("static_url", "must start with https:// in production")
    for field in ("secret_key", "sandbox_secret_key", "jitsi_secret"):
        _check_secrets(field, [getattr(settings, field)] if getattr(settings, field) else [])
    _check_secrets("sandbox_webhook_secrets", settings.sandbox_webhook_secrets)
    _check_secrets("identity_webhook_secrets", settings.identity_webhook_secrets)
    _check_secrets("bounce_webhook_secrets", settings.bounce_webhook_secrets)
    for account in read_stripe_accounts(settings.stripe_accounts):
        if not account.is_live:
            raise _refuse("stripe_accounts", f"has a test key of {account.name}; production needs a live one")
    for told in read_razorpay_accounts(settings.razorpay_accounts):
        if not told.is_live:
            raise _refuse("razorpay_accounts", f"has a test key of {told.name}; production needs a live one")
    for key in settings.encryption_keys:
        if _DEVELOPMENT.encode() in base64.urlsafe_b64decode(key):
            raise _refuse("encryption_keys", "still holds the development key; production needs keys of its own")


def _check_secrets(field: str, values: Iterable[str]) -> None:
    for value in values:
        if _DEVELOPMENT in value:
            raise _refuse(field, "still holds the development secret; production needs one of its own")
        if len(value) < 32:
            raise _refuse(field, "is shorter than 32 characters")


def _check_address(field: str, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path or parts.query:
        raise _refuse(field, f"is {url!r}; it should look like https://school.example, without a path")


def _check_scheme(field: str, url: str, schemes: set[str]) -> None:
    """The value may hold a password, so it is not shown."""
    if url and urlsplit(url).scheme not in schemes:
        raise _refuse(field, f"should start with {' or '.join(f'{scheme}://' for scheme in sorted(schemes))}")


def _check_fernet(key: str) -> None:
    try:
        raw = base64.urlsafe_b64decode(key)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise _refuse("encryption_keys", "holds something else than 32 bytes in URL-safe base64")
