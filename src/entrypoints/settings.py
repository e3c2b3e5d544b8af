"""Everything that can be configured, in one place, checked before anything starts. (OPS-11)

Each field is set by ``HALAQA_<FIELD>``, or by ``HALAQA_<FIELD>_FILE`` with the path of a file that holds the value (a
mounted secret). A value that does not fit stops the start with one line that names it.
"""

import os
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NoReturn, get_args, get_origin

import msgspec
from msgspec import Meta

from entrypoints.settings_checks import PREFIX, SettingsError, check, check_production

DEVELOPMENT_SECRET: Final = "development-only-"  # noqa: S105 - it marks what is no secret
DEVELOPMENT_KEY: Final = "ZGV2ZWxvcG1lbnQtb25seS1kZXZlbG9wbWVudC1vbmw="
SECRET: Final = {"secret": True}
PROJECT: Final = Path(__file__).resolve().parents[2]

Port = Annotated[int, Meta(ge=1, le=65535)]
Secret = Annotated[str, Meta(extra=SECRET)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    env: Annotated[
        Literal["development", "production"],
        Meta(description="`production` refuses development secrets, plain http and embedded servers"),
    ] = "development"
    host: Annotated[str, Meta(description="The address that the three servers listen on")] = "127.0.0.1"
    main_port: Annotated[Port, Meta(description="For students, guardians and Qaris")] = 8000
    admin_port: Annotated[Port, Meta(description="For the school's staff")] = 8001
    sandbox_port: Annotated[Port, Meta(description="The built-in payment provider")] = 8002
    main_url: Annotated[str, Meta(description="How browsers reach main; `http://localhost:<port>` when empty")] = ""
    admin_url: Annotated[str, Meta(description="How browsers reach admin; as above")] = ""
    sandbox_url: Annotated[str, Meta(description="How browsers reach the sandbox provider; as above")] = ""
    main_processes: Annotated[
        int, Meta(ge=1, le=64, description="How many processes `halaqa up` lets serve main, one for each processor")
    ] = 1
    listen_fd: Annotated[
        int, Meta(ge=-1, description="A listening socket that a supervisor hands over; the port is not opened then")
    ] = -1
    ready_fd: Annotated[int, Meta(ge=-1, description="Where a server writes one byte when it is ready")] = -1
    trusted_hosts: Annotated[
        tuple[str, ...], Meta(description="Host names that requests may name; those of the addresses above when empty")
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(description="Addresses and networks of reverse proxies, whose `X-Forwarded-For` is believed"),
    ] = ()
    cors_origins: Annotated[
        tuple[str, ...],
        Meta(description="Origins whose scripts may use the API, `https://app.example`; none when empty"),
    ] = ()
    limit_anonymous: Annotated[
        int, Meta(ge=1, description="API calls and forms of one address in 15 minutes, without a session")
    ] = 100
    limit_pages: Annotated[int, Meta(ge=1, description="Page views of one address in 15 minutes, as above")] = 3000
    limit_signed_in: Annotated[int, Meta(ge=1, description="Requests of one person in 15 minutes")] = 6000
    limit_webhooks: Annotated[int, Meta(ge=1, description="Webhooks from one address in 15 minutes")] = 6000
    sign_in_tries: Annotated[int, Meta(ge=1, description="Bad sign-ins from one address in 15 minutes")] = 10
    database_url: Annotated[
        Secret, Meta(description="PostgreSQL 15 or newer, `postgresql://…`; an embedded server when empty")
    ] = ""
    redis_url: Annotated[
        Secret, Meta(description="Redis or Valkey, `redis://…`, `rediss://…` or `unix://…`; embedded when empty")
    ] = ""
    pool_size: Annotated[int, Meta(ge=2, le=200, description="Database connections of each process")] = 20
    secret_key: Annotated[Secret, Meta(description="Signs form proofs and flash messages; 32 characters or more")] = (
        DEVELOPMENT_SECRET + "secret-key-of-nobody"
    )
    encryption_keys: Annotated[
        tuple[Secret, ...],
        Meta(description="Fernet keys for links at rest, newest first; add one in front to rotate"),
    ] = (DEVELOPMENT_KEY,)
    oidc_providers: Annotated[
        Secret,
        Meta(
            description='Sign-in by other providers, as JSON: `[{"name": "google", "client_id": …, '
            '"client_secret": …}]`; `google` and `facebook` are known, others need an `issuer`; none when empty'
        ),
    ] = ""
    jitsi_url: Annotated[str, Meta(description="The Jitsi server of the live lessons")] = "https://meet.jit.si"
    jitsi_app_id: Annotated[str, Meta(description="The application id in its tokens; no tokens when empty")] = ""
    jitsi_secret: Annotated[Secret, Meta(description="Signs the tokens; needed with an application id")] = ""
    sandbox_accounts: Annotated[
        tuple[str, ...], Meta(description="Accounts at the sandbox provider; the first is the default one")
    ] = ("school",)
    sandbox_secret_key: Annotated[Secret, Meta(description="What we show to the sandbox provider")] = (
        DEVELOPMENT_SECRET + "sandbox-key-of-nobody"
    )
    sandbox_webhook_secrets: Annotated[
        tuple[Secret, ...], Meta(description="What its webhooks are signed with, newest first")
    ] = (DEVELOPMENT_SECRET + "webhook-secret-of-nobody",)
    identity_webhook_secrets: Annotated[
        tuple[Secret, ...],
        Meta(description="Signs what another system tells of its people, newest first; nobody tells when empty"),
    ] = ()
    identity_webhook_tolerance_s: Annotated[
        int, Meta(ge=1, le=3600, description="How old such a message may be, in seconds")
    ] = 300
    stripe_accounts: Annotated[
        Secret,
        Meta(
            description='Accounts at Stripe, as JSON: `[{"name": "school", "secret_key": "sk_…", "publishable_key": '
            '"pk_…", "webhook_secrets": ["whsec_…"]}]`; none when empty'
        ),
    ] = ""
    razorpay_accounts: Annotated[
        Secret,
        Meta(
            description='Accounts at Razorpay, as JSON: `[{"name": "india", "key_id": "rzp_…", "key_secret": "…", '
            '"webhook_secrets": ["…"]}]`; none when empty'
        ),
    ] = ""
    zoom_accounts: Annotated[
        Secret,
        Meta(
            description='Accounts at Zoom, as JSON: `[{"name": "school", "account_id": "…", "client_id": "…", '
            '"client_secret": "…", "webhook_secrets": ["…"]}]`, of a server-to-server app; none when empty'
        ),
    ] = ""
    google_accounts: Annotated[
        Secret,
        Meta(
            description='Who the school is at Google, as JSON: `[{"name": "school", "client_id": "…", '
            '"client_secret": "…", "refresh_token": "…"}]`; classes need the refresh token (or a `service_account`), '
            "calendars of Qaris the client; none when empty"
        ),
    ] = ""
    provider_urls: Annotated[
        tuple[str, ...],
        Meta(description="Other addresses of outside services, `stripe=https://…`; each one's own when empty"),
    ] = ()
    school_name: Annotated[str, Meta(min_length=1, max_length=80, description="Shown on pages and in mails")] = "Halaqa"
    school_zone: Annotated[str, Meta(description="The school's own IANA time zone")] = "UTC"
    school_locale: Annotated[Literal["en", "ar", "ur"], Meta(description="The language where nobody chose one")] = "en"
    mail_from: Annotated[str, Meta(description="The sender of the school's mails")] = "no-reply@halaqa.example"
    smtp_url: Annotated[
        Secret,
        Meta(
            description="The mail server, `smtp://user:password@host:587?tls=starttls` (or `implicit`, or `none` on "
            "the same machine); the mailbox in the data folder when empty"
        ),
    ] = ""
    bounce_address: Annotated[
        str, Meta(description="Where mail that cannot be delivered comes back to; the sender's address when empty")
    ] = ""
    bounce_webhook_secrets: Annotated[
        tuple[Secret, ...],
        Meta(description="Signs reports of such mail, newest first; none are taken over HTTP when empty"),
    ] = ()
    whatsapp_accounts: Annotated[
        Secret,
        Meta(
            description='Numbers at WhatsApp, as JSON: `[{"name": "school", "phone_number_id": …, '
            '"business_account_id": …, "token": …, "app_secrets": […], "verify_token": …, "number": "+92…"}]`, '
            "`links` for an academy with an address of its own; nothing goes there when empty"
        ),
    ] = ""
    push_key: Annotated[
        Secret,
        Meta(description="Signs messages to browsers, from `halaqa make-push-keys`; no such messages when empty"),
    ] = ""
    push_hosts: Annotated[
        tuple[str, ...],
        Meta(description="Services that browsers are reached through; a dot in front means every name below it"),
    ] = (
        "fcm.googleapis.com",
        ".push.services.mozilla.com",
        ".notify.windows.com",
        ".push.apple.com",
    )
    admin_copy_email: Annotated[str, Meta(description="Gets a copy of each confirmed booking; nobody when empty")] = ""
    alert_emails: Annotated[
        tuple[str, ...],
        Meta(
            description="Who is told when the machinery needs a person, and when that is over; who gets copies when "
            "empty"
        ),
    ] = ()
    metrics_token: Annotated[
        Secret, Meta(description="Whoever shows it as a Bearer token may read `/metrics`, from anywhere")
    ] = ""
    metrics_networks: Annotated[
        tuple[str, ...],
        Meta(description="Addresses and networks that may read `/metrics` without it"),
    ] = ("127.0.0.0/8", "::1")
    error_dsn: Annotated[
        Secret,
        Meta(
            description="Where errors are told, `https://key@host/project` of anything that understands Sentry; "
            "nowhere when empty"
        ),
    ] = ""
    cache: Annotated[
        Literal["redis", "memory"],
        Meta(description="Where processes remember what is dear to find: together in Redis, or each for itself"),
    ] = "redis"
    static_url: Annotated[
        str,
        Meta(
            description="Where browsers get styles, scripts and fonts, `https://cdn.example`, of a network that asks "
            "main for what it lacks; from the doors themselves when empty"
        ),
    ] = ""
    heavy_at_once: Annotated[
        int, Meta(ge=1, le=64, description="Exports and other heavy answers that one process makes at a time")
    ] = 2
    data_dir: Annotated[
        str, Meta(description="Embedded servers, mailbox, locks; `.data` in the project when empty")
    ] = ""
    backup_dir: Annotated[
        str, Meta(description="Where nightly backups go, best another disk; `backups` in the data folder when empty")
    ] = ""
    backup_keep: Annotated[int, Meta(ge=0, description="How many of them are kept; none are made when 0")] = 14
    point_in_time: Annotated[
        bool, Meta(description="The embedded database keeps its log of changes, to go back to any minute; needs room")
    ] = False
    storage: Annotated[
        Literal["disk", "s3"], Meta(description="Where uploaded files lie: the data folder, or a bucket")
    ] = "disk"
    s3_bucket: Annotated[str, Meta(description="The bucket; needed with `s3`")] = ""
    s3_region: Annotated[str, Meta(description="Its region")] = "us-east-1"
    s3_endpoint: Annotated[str, Meta(description="Of a store other than Amazon's, `https://…`")] = ""
    s3_access_key: Annotated[Secret, Meta(description="Who we are to it; needed with `s3`")] = ""
    s3_secret_key: Annotated[Secret, Meta(description="Proves it; needed with `s3`")] = ""
    scan_command: Annotated[
        str,
        Meta(description="Looks for viruses in uploads, such as `clamdscan --no-summary -`; no scanner when empty"),
    ] = ""
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Meta(description="What is worth a line")] = (
        "info"
    )

    @property
    def production(self) -> bool:
        return self.env == "production"

    def provider_url(self, name: str, usual: str) -> str:
        """The address that a provider is reached at, without a slash at its end."""
        told = dict(pair.split("=", 1) for pair in self.provider_urls)
        return told.get(name, usual).rstrip("/")

    @property
    def data(self) -> Path:
        return Path(self.data_dir)

    @property
    def files(self) -> Path:
        return self.data / "files"

    @property
    def mailbox(self) -> Path:
        return self.data / "mail"


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises SettingsError."""
    given: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        raw = _raw(environ, PREFIX + field.name.upper())
        if raw is not None:
            given[field.name] = _converted(field, raw)
    _refuse_unknown(environ)
    settings = _completed(Settings(**given))
    check(settings)
    if settings.production:
        check_production(settings, given.keys())
    return settings


def load_or_exit() -> Settings:
    try:
        return load()
    except SettingsError as error:
        complain(str(error))


def complain(line: str) -> NoReturn:
    """One clear line on stderr, and out."""
    sys.stderr.write(f"halaqa: {line}\n")
    raise SystemExit(2)


def _raw(environ: Mapping[str, str], name: str) -> str | None:
    """An empty variable counts as one that is not set: that is how compose files pass on what is missing."""
    value, path = environ.get(name) or None, environ.get(f"{name}_FILE") or None
    if path is None:
        return value
    if value is not None:
        raise SettingsError(f"{name} and {name}_FILE are both set; keep one of them")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise SettingsError(f"{name}_FILE names {path}, which cannot be read: {reason}") from error


def _converted(field: msgspec.structs.FieldInfo, raw: str) -> Any:
    plural = isinstance(field.default, tuple)
    value = [part.strip() for part in raw.split(",") if part.strip()] if plural else raw
    try:
        return msgspec.convert(value, field.type, strict=False)
    except msgspec.ValidationError as error:
        shown = "" if is_secret(field) else f" is {raw!r}"
        allowed = ", ".join(str(choice) for choice in _choices(field.type))
        reason = f"expected one of {allowed}" if allowed else str(error).split(" - at")[0].replace("`", "")
        raise SettingsError(f"{PREFIX}{field.name.upper()}{shown}: {reason[0].lower()}{reason[1:]}") from error


def _choices(annotation: Any) -> tuple[Any, ...]:
    bare = getattr(annotation, "__origin__", annotation)
    return get_args(bare) if get_origin(bare) is Literal else ()


def is_secret(field: msgspec.structs.FieldInfo) -> bool:
    return "'secret': True" in repr(field.type)


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {PREFIX + name.upper() for name in Settings.__struct_fields__}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name.removesuffix("_FILE") not in known:
            near = get_close_matches(name, known, 1)
            raise SettingsError(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))


def _completed(settings: Settings) -> Settings:
    """Fills in what follows from the rest."""
    urls = {
        f"{door}_url": (getattr(settings, f"{door}_url") or f"http://localhost:{getattr(settings, f'{door}_port')}")
        for door in ("main", "admin", "sandbox")
    }
    base = PROJECT if (PROJECT / "pyproject.toml").exists() else Path.cwd()
    folder = Path(settings.data_dir).expanduser().absolute() if settings.data_dir else base / ".data"
    return msgspec.structs.replace(
        settings,
        data_dir=str(folder),
        static_url=settings.static_url.rstrip("/"),
        **{name: url.rstrip("/") for name, url in urls.items()},
    )


def markdown_table() -> str:
    """For the README, which a test compares with this."""
    lines = ["| variable | default | what it is |", "|---|---|---|"]
    for field in msgspec.structs.fields(Settings):
        description = next((m.description for m in getattr(field.type, "__metadata__", ()) if m.description), "")
        lines.append(f"| `{PREFIX}{field.name.upper()}` | {_shown_default(field)} | {description} |")
    return "\n".join(lines)


def _shown_default(field: msgspec.structs.FieldInfo) -> str:
    value = ", ".join(field.default) if isinstance(field.default, tuple) else str(field.default)
    if not value:
        return ""
    return "for development only" if is_secret(field) else f"`{value}`"
