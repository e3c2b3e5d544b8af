"""Whatever way somebody came in: on to where he wanted to go, or to the page that asks for the second proof."""

from urllib.parse import urlencode, urlsplit

from litestar.datastructures import Cookie
from litestar.response import Redirect

from adapters.http.authentication import session_cookies
from adapters.http.config import HttpConfig
from adapters.http.flash import local_path
from adapters.http.landing import landing_of
from adapters.http.requests import Connection, config_of
from application.identity.admit import SecondFactorNeeded
from application.identity.open_session import Admitted
from domain.errors import NotSignedIn
from domain.identity.challenge import LIFETIME
from ports.identity.passkeys import Site

SECOND = "/sign-in/second"


class SecondFactorRequired(NotSignedIn):
    """Details: ``challenge`` to send back with a code, ``factors`` that will do, ``enroll`` to set one up first."""

    code = "second_factor_required"


def welcome(request: Connection, outcome: Admitted | SecondFactorNeeded, wanted: str | None) -> Redirect:
    config = config_of(request)
    if isinstance(outcome, SecondFactorNeeded):
        onward = local_path(wanted, "")
        address = f"{SECOND}?{urlencode({'next': onward})}" if onward else SECOND
        return Redirect(address, status_code=303, cookies=[challenge_cookie(config, outcome.challenge)])
    return Redirect(
        local_path(wanted, landing_of(outcome.role, outcome.onboarding)),
        status_code=303,
        cookies=session_cookies(config, outcome),
    )


def admitted_or_refused(outcome: Admitted | SecondFactorNeeded) -> Admitted:
    """For programs. Raises SecondFactorRequired."""
    if isinstance(outcome, SecondFactorNeeded):
        raise SecondFactorRequired(
            "a second factor is needed",
            challenge=outcome.challenge,
            factors=[factor.value for factor in outcome.factors],
            enroll=outcome.enroll,
            expires_at=outcome.expires_at.isoformat(),
        )
    return outcome


def challenge_cookie(config: HttpConfig, token: str) -> Cookie:
    """Half a sign-in: it stays in this browser, out of addresses and out of reach of scripts."""
    return short_cookie(config, challenge_name(config), token)


def challenge_name(config: HttpConfig) -> str:
    return config.cookie(f"halaqa_challenge_{config.audience}")


def flow_name(config: HttpConfig) -> str:
    """Of a sign-in by another provider."""
    return config.cookie(f"halaqa_flow_{config.audience}")


def short_cookie(config: HttpConfig, name: str, value: str) -> Cookie:
    """An empty value takes it away."""
    return Cookie(
        key=name,
        value=value,
        path="/",
        max_age=int(LIFETIME.total_seconds()) if value else 0,
        secure=config.secure,
        httponly=True,
        samesite="lax",
    )


def site_of(request: Connection) -> Site:
    """As the browser sees us; only our own host names get this far."""
    config = config_of(request)
    scheme = "https" if config.secure else "http"
    host = request.headers.get("host", "") or urlsplit(config.base_url).netloc
    return Site(name=config.school_name, host=urlsplit(f"//{host}").hostname or "", origin=f"{scheme}://{host}")
