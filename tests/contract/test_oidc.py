"""Signing in by OpenID Connect against a provider that runs as a process of its own."""

import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from adapters.oidc import OidcProviders, OidcSettings
from domain.identity.provider import ProviderRefused
from ports.errors import GatewayUnavailable
from support.system import free_port

BACK = "https://school.example/sign-in/with/mock/callback"
CLAIMS = {"email": "maryam@example.org", "email_verified": True, "name": "Maryam Khan"}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    port = free_port()
    running = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce=true"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    issuer = f"http://localhost:{port}"
    try:
        _wait(issuer)
        yield issuer
    finally:
        running.terminate()
        running.wait(10)


def _wait(issuer: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            httpx.get(f"{issuer}/.well-known/openid-configuration").raise_for_status()
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def settings(issuer: str, **given: str) -> OidcSettings:
    fields = {"name": "mock", "label": "Mock", "issuer": issuer, "client_id": "school", "client_secret": "hush"}
    return OidcSettings(**(fields | given))  # type: ignore[arg-type]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=10) as found:
        yield found


async def a_code(client: httpx.AsyncClient, address: str, subject: str, claims: dict[str, object] = CLAIMS) -> str:
    """What a person does there: types a name, presses the button."""
    issuer = f"{urlsplit(address).scheme}://{urlsplit(address).netloc}"
    answer = await client.put(f"{issuer}/users/{subject}", json=claims)
    assert answer.status_code < 300, answer.text
    answer = await client.post(address, data={"sub": subject})
    assert answer.status_code == 302, answer.text
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["state"] == parse_qs(urlsplit(address).query)["state"]
    return query["code"][0]


async def test_a_person_is_who_the_provider_signed_for(provider: str, client: httpx.AsyncClient) -> None:
    # ID-02
    providers = OidcProviders([settings(provider)], client)
    left = await providers.depart("mock", back_to=BACK)
    query = parse_qs(urlsplit(left.address).query)
    code = await a_code(client, left.address, "subject-1")

    profile = await providers.arrive("mock", back_to=BACK, code=code, nonce=left.nonce, verifier=left.verifier)

    assert query["code_challenge_method"] == ["S256"]
    assert query["nonce"] == [left.nonce]
    assert "hush" not in left.address
    assert (profile.subject, profile.email, profile.email_verified, profile.name) == (
        "subject-1",
        "maryam@example.org",
        True,
        "Maryam Khan",
    )


@pytest.mark.parametrize("verified", [False, None, "yes", 1])
async def test_only_a_clear_yes_proves_an_address(provider: str, client: httpx.AsyncClient, verified: object) -> None:
    # ID-02
    providers = OidcProviders([settings(provider)], client)
    left = await providers.depart("mock", back_to=BACK)
    told: dict[str, object] = {"email": "maryam@example.org"}
    code = await a_code(
        client, left.address, "subject-2", told if verified is None else told | {"email_verified": verified}
    )

    profile = await providers.arrive("mock", back_to=BACK, code=code, nonce=left.nonce, verifier=left.verifier)

    assert not profile.email_verified


async def test_what_does_not_belong_together_is_refused(provider: str, client: httpx.AsyncClient) -> None:
    # ID-02
    providers = OidcProviders([settings(provider)], client)

    left = await providers.depart("mock", back_to=BACK)
    code = await a_code(client, left.address, "subject-3")
    with pytest.raises(ProviderRefused):
        await providers.arrive("mock", back_to=BACK, code=code, nonce="of another", verifier=left.verifier)
    with pytest.raises(ProviderRefused):
        await providers.arrive("mock", back_to=BACK, code=code, nonce=left.nonce, verifier=left.verifier)
    with pytest.raises(ProviderRefused):
        await providers.arrive("mock", back_to=BACK, code="made up", nonce=left.nonce, verifier=left.verifier)


@pytest.mark.parametrize("forged", ["another signature", "no signature", "another audience", "old", "other issuer"])
async def test_a_statement_that_the_provider_did_not_make_for_us_now_is_refused(provider: str, forged: str) -> None:
    # ID-02
    key, strange = RSAKey.generate_key(2048, {"kid": "1"}), RSAKey.generate_key(2048, {"kid": "1"})
    now = int(time.time())
    claims = {"iss": "https://issuer.example", "aud": "school", "sub": "s", "nonce": "n", "exp": now + 60}
    changes: dict[str, dict[str, object]] = {
        "another audience": {"aud": "somebody else"},
        "old": {"exp": now - 600},
        "other issuer": {"iss": "https://elsewhere.example"},
    }
    token = jwt.encode(
        {"alg": "RS256", "kid": "1"}, claims | changes.get(forged, {}), strange if "signature" in forged else key
    )
    if forged == "no signature":
        token = token.rpartition(".")[0] + "."

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("openid-configuration"):
            addresses = {name: f"https://issuer.example/{name}" for name in ("token_endpoint", "jwks_uri")}
            address = "https://issuer.example/authorize"
            found = {"issuer": "https://issuer.example", "authorization_endpoint": address} | addresses
            return httpx.Response(200, json=found)
        if request.url.path == "/jwks_uri":
            return httpx.Response(200, json={"keys": [key.as_dict(private=False)]})
        return httpx.Response(200, content=json.dumps({"id_token": token}))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        providers = OidcProviders([settings("https://issuer.example")], client)
        with pytest.raises(ProviderRefused):
            await providers.arrive("mock", back_to=BACK, code="c", nonce="n", verifier="v")


async def test_a_provider_that_is_away_is_said_to_be_away(client: httpx.AsyncClient) -> None:
    providers = OidcProviders([settings(f"http://localhost:{free_port()}")], client)

    with pytest.raises(GatewayUnavailable):
        await providers.depart("mock", back_to=BACK)
