"""The second step, passkeys and other providers, over the API and on the pages."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pyotp
import pytest
from cryptography.fernet import Fernet
from litestar import Litestar
from litestar.testing import TestClient

from adapters.http.api import factors as factors_api
from adapters.http.api import identity as identity_api
from adapters.http.web import identity, providers, second_factor, security
from adapters.passkeys import WebAuthn
from adapters.persistence.cipher import FernetCipher
from application.identity.authenticate import Authenticate
from application.identity.confirm_self import ConfirmSelf
from application.identity.passkeys import AddPasskey, RemovePasskey, SignInByPasskey
from application.identity.prove_second_factor import ProveSecondFactor, SeeSecondFactor
from application.identity.reset_factors import ResetFactors
from application.identity.see_security import SeeSecurity, UnlinkProvider
from application.identity.set_up_totp import SetUpTotp
from application.identity.sign_in_by_provider import DepartToProvider, SignInByProvider
from domain.identity.permission import Audience
from fakes.clock import FixedClock
from fakes.doors import Cases
from fakes.http import an_app, bearer, provided
from fakes.identity import (
    GOOD_PASSWORD,
    IdentityStore,
    MemoryDevices,
    MemorySessionQueries,
    PlainHasher,
    identity_units,
)
from fakes.ids import SequentialIds
from fakes.passkey import SoftPasskey
from fakes.providers import FakeProviders
from fakes.throttle import MemoryThrottle

MARYAM = {"email": "maryam1@example.org", "password": GOOD_PASSWORD, "name": "Maryam Khan", "zone": "Asia/Karachi"}
MODULES = (identity_api, factors_api, identity, second_factor, providers, security)
ORIGIN = "http://testserver.local"


@pytest.fixture
def store() -> IdentityStore:
    return IdentityStore()


@pytest.fixture
def main(store: IdentityStore, clock: FixedClock) -> Iterator[TestClient[Litestar]]:
    units, hasher, throttle, audience = identity_units(store), PlainHasher(), MemoryThrottle(clock), Audience.MAIN
    cases = Cases(audience, units, clock, SequentialIds(), hasher, throttle, MemoryDevices(store))
    cipher, webauthn, there = FernetCipher([Fernet.generate_key().decode()]), WebAuthn(), FakeProviders("google")
    confirm = ConfirmSelf(units, clock, hasher, cipher, throttle)
    mine = {
        "identity_providers": there,
        "see_second_factor": SeeSecondFactor(units, clock, audience, cipher, webauthn),
        "prove_second_factor": ProveSecondFactor(
            units, clock, audience, cipher, webauthn, throttle, cases.open_session
        ),
        "set_up_totp": SetUpTotp(units, clock, cipher, confirm),
        "add_passkey": AddPasskey(units, clock, SequentialIds(5000), audience, webauthn, confirm),
        "remove_passkey": RemovePasskey(units, clock, confirm),
        "sign_in_by_passkey": SignInByPasskey(units, clock, audience, webauthn, cases.open_session),
        "depart_to_provider": DepartToProvider(clock, cipher, there),
        "sign_in_by_provider": SignInByProvider(
            units, clock, SequentialIds(9000), audience, cipher, there, cases.admit, cases.cache
        ),
        "see_security": SeeSecurity(units, clock),
        "unlink_provider": UnlinkProvider(units, clock, confirm),
        "reset_factors": ResetFactors(units, clock, cases.cache),
    }
    app = an_app(
        [controller for module in MODULES for controller in module.CONTROLLERS_MAIN],
        dependencies={name: provided(case) for name, case in (cases.by_name() | mine).items()},
        inner={
            "authenticator": Authenticate(audience, MemorySessionQueries(store), clock),
            "refresher": cases.refresh,
            "clock": clock,
        },
    )
    with TestClient(app, base_url=ORIGIN) as client:
        assert client.post("/api/v1/auth/register", json=MARYAM).status_code == 201
        yield client


def credentials() -> dict[str, str]:
    return {"email": MARYAM["email"], "password": GOOD_PASSWORD}


def with_app(main: TestClient[Litestar], clock: FixedClock) -> tuple[pyotp.TOTP, list[str]]:
    token = main.post("/api/v1/auth/sign-in", json=credentials()).json()["token"]
    offer = main.post("/api/v1/me/totp", json={"proof": GOOD_PASSWORD}, headers=bearer(token)).json()
    app = pyotp.TOTP(offer["secret"])
    codes = main.post("/api/v1/me/totp/confirm", json={"code": app.at(clock.now())}, headers=bearer(token))
    assert codes.status_code == 200, codes.text
    clock.advance(timedelta(minutes=2))
    return app, codes.json()["recovery_codes"]


def proof_on(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def test_a_program_is_refused_until_it_brings_the_code(main: TestClient[Litestar], clock: FixedClock) -> None:
    # ID-10
    app, _ = with_app(main, clock)

    refused = main.post("/api/v1/auth/sign-in", json=credentials())
    assert (refused.status_code, refused.json()["code"]) == (401, "second_factor_required")
    assert refused.json()["factors"] == ["totp", "recovery_code"]
    assert "token" not in refused.json()
    challenge = refused.json()["challenge"]
    assert main.get("/api/v1/me", headers=bearer(challenge)).status_code == 401
    wrong = main.post("/api/v1/auth/second-factor", json={"challenge": challenge, "code": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "bad_code")
    code = app.at(clock.now())
    right = main.post("/api/v1/auth/second-factor", json={"challenge": challenge, "code": code})

    assert right.status_code == 200
    assert main.get("/api/v1/me", headers=bearer(right.json()["token"])).status_code == 200
    again = main.post("/api/v1/auth/second-factor", json={"challenge": challenge, "code": code})
    assert (again.status_code, again.json()["code"]) == (401, "challenge_ended")


def test_a_recovery_code_works_once(main: TestClient[Litestar], clock: FixedClock) -> None:
    # ID-10
    _, codes = with_app(main, clock)

    answers = []
    for _ in range(2):
        challenge = main.post("/api/v1/auth/sign-in", json=credentials()).json()["challenge"]
        answers.append(main.post("/api/v1/auth/second-factor", json={"challenge": challenge, "code": codes[0]}))

    assert [answer.status_code for answer in answers] == [200, 401]


def test_a_passkey_signs_a_program_in(main: TestClient[Litestar]) -> None:
    passkey = SoftPasskey(ORIGIN)
    token = main.post("/api/v1/auth/sign-in", json=credentials()).json()["token"]
    asked = main.post("/api/v1/me/passkeys/options", json={"proof": GOOD_PASSWORD}, headers=bearer(token)).json()
    made = {
        "challenge": asked["challenge"],
        "credential": json.loads(passkey.make(json.dumps(asked["options"]).encode())),
        "name": "Phone",
    }
    assert main.post("/api/v1/me/passkeys", json=made, headers=bearer(token)).status_code == 201

    asked = main.post("/api/v1/auth/passkey/options", json={}).json()
    signed = json.loads(passkey.sign(json.dumps(asked["options"]).encode()))
    answer = main.post("/api/v1/auth/passkey", json={"challenge": asked["challenge"], "credential": signed})

    assert answer.status_code == 200, answer.text
    seen = main.get("/api/v1/me/security", headers=bearer(answer.json()["token"])).json()
    assert [key["name"] for key in seen["passkeys"]] == ["Phone"]
    assert main.post("/api/v1/auth/sign-in", json=credentials()).json()["factors"] == ["passkey", "recovery_code"]


def test_changes_ask_for_the_password_again(main: TestClient[Litestar]) -> None:
    token = main.post("/api/v1/auth/sign-in", json=credentials()).json()["token"]

    for path in ("totp", "passkeys/options"):
        answer = main.post(f"/api/v1/me/{path}", json={"proof": "a guess"}, headers=bearer(token))
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_proof")


def test_half_a_sign_in_is_a_cookie_of_its_own_and_no_session(main: TestClient[Litestar], clock: FixedClock) -> None:
    app, _ = with_app(main, clock)
    page = main.get("/sign-in").text

    half = main.post("/sign-in", data=credentials() | {"csrf_token": proof_on(page)}, follow_redirects=False)

    assert (half.status_code, half.headers["location"]) == (303, "/sign-in/second")
    cookies = half.headers.get_list("set-cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["halaqa_challenge_main"]
    assert "HttpOnly" in cookies[0]
    assert main.get("/api/v1/me").status_code == 401
    page = main.get("/sign-in/second").text
    form = {"code": app.at(clock.now()), "csrf_token": proof_on(page)}
    done = main.post("/sign-in/second", data=form, follow_redirects=False)
    assert done.status_code == 303
    assert main.get("/api/v1/me").status_code == 200


def test_the_way_back_from_a_provider_leads_on_without_code_and_state(main: TestClient[Litestar]) -> None:
    # ID-02, ID-03
    away = main.get("/sign-in/with/google?next=/portal/lessons", follow_redirects=False)
    assert away.headers["location"].startswith("https://google.example/")
    bad = main.get("/sign-in/with/google/callback?code=good&state=made-up", follow_redirects=False)
    assert bad.status_code == 400
    main.get("/sign-in/with/google?next=//evil.example", follow_redirects=False)

    back = main.get("/sign-in/with/google/callback?code=good&state=state of google", follow_redirects=False)

    assert back.status_code == 303
    assert "?" not in back.headers["location"]
    assert "evil" not in back.headers["location"]
    assert main.get("/api/v1/me").json()["email"] == MARYAM["email"]
    again = main.get("/sign-in/with/google/callback?code=good&state=state of google", follow_redirects=False)
    assert again.status_code == 400


def test_an_unknown_provider_is_not_found_and_known_ones_are_listed(main: TestClient[Litestar]) -> None:
    assert main.get("/sign-in/with/myspace", follow_redirects=False).status_code == 404
    assert main.get("/api/v1/auth/providers").json() == [
        {"name": "google", "label": "Google", "start": "/sign-in/with/google"}
    ]
    assert "Go on with Google" in re.sub("[\u2066-\u2069]", "", main.get("/sign-in").text)
