"""Second factors and passkeys for programs."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, JSONBody

from adapters.http.api.identity import SessionOut, session_answer
from adapters.http.given import NamedDependency
from adapters.http.requests import Req, config_of, device_of
from adapters.http.welcome import site_of
from application.identity.passkeys import AddPasskey, Asked, RemovePasskey, SignInByPasskey
from application.identity.prove_second_factor import ProveSecondFactor, SeeSecondFactor
from application.identity.reset_factors import ResetFactors, ResetFactorsCommand
from application.identity.see_security import SeeSecurity, UnlinkProvider
from application.identity.set_up_totp import SetUpTotp
from domain.identity.permission import Permission
from domain.ids import PasskeyId, UserId
from ports.identity.providers import IdentityProviders

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
Proof = Annotated[str, msgspec.Meta(max_length=400)]
Delivery = Literal["bearer", "cookie"]


class CodeIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``code``: six digits of the app, or a recovery code."""

    challenge: Text
    code: Text
    delivery: Delivery = "bearer"


class PasskeyIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``credential``: what ``navigator.credentials.get`` gave, as JSON."""

    challenge: Text
    credential: dict[str, Any]
    delivery: Delivery = "bearer"


class NewPasskeyIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``credential``: what ``navigator.credentials.create`` gave, as JSON."""

    challenge: Text
    credential: dict[str, Any]
    name: Annotated[str, msgspec.Meta(max_length=60)] = ""


class ChallengeIn(msgspec.Struct, forbid_unknown_fields=True):
    challenge: Text


class ProofIn(msgspec.Struct, forbid_unknown_fields=True):
    """The password, or a code that is good now; empty where the account has neither."""

    proof: Proof = ""


class FirstCodeIn(msgspec.Struct, forbid_unknown_fields=True):
    code: Text


class ReasonIn(msgspec.Struct, forbid_unknown_fields=True):
    reason: Text


class CeremonyOut(msgspec.Struct, kw_only=True):
    """``options`` are those of WebAuthn."""

    challenge: str
    options: msgspec.Raw

    @classmethod
    def of(cls, asked: Asked) -> "CeremonyOut":
        return cls(challenge=asked.challenge, options=msgspec.Raw(asked.options))


class TotpOut(msgspec.Struct, kw_only=True):
    """``address`` is an ``otpauth://`` one, for a square code."""

    secret: str
    address: str


class PendingOut(msgspec.Struct, kw_only=True):
    factors: list[str]
    totp: TotpOut | None
    passkey_options: msgspec.Raw | None


class CodesOut(msgspec.Struct):
    """Told this once; empty where there were codes already."""

    recovery_codes: list[str]


class PasskeyOut(msgspec.Struct, kw_only=True):
    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None
    backed_up: bool


class SecurityOut(msgspec.Struct, kw_only=True):
    totp: bool
    required: bool
    has_password: bool
    recovery_codes_left: int
    passkeys: list[PasskeyOut]
    providers: list[str]


class ProviderOut(msgspec.Struct, kw_only=True):
    """``start``: where a browser begins."""

    name: str
    label: str
    start: str


class SecondFactorApi(Controller):
    path = "/api/v1/auth"
    tags = ("identity",)

    @get("/providers", needs=Permission.NOTHING, sync_to_thread=False, summary="Other ways to sign in")
    def providers(self, identity_providers: NamedDependency[IdentityProviders]) -> list[ProviderOut]:
        """Google and the like, as the school has set them up."""
        return [
            ProviderOut(name=found.name, label=found.label, start=f"/sign-in/with/{found.name}")
            for found in identity_providers.offered()
        ]

    @post("/second-factor/see", needs=Permission.NOTHING, status_code=200, summary="What a challenge asks for")
    async def see(
        self, request: Req, data: JSONBody[ChallengeIn], see_second_factor: NamedDependency[SeeSecondFactor]
    ) -> PendingOut:
        """``totp`` is there when an app has to be set up first; its first code is then the answer."""
        pending = await see_second_factor(data.challenge, site_of(request))
        offer = pending.offer
        return PendingOut(
            factors=[factor.value for factor in pending.factors],
            totp=TotpOut(secret=offer.secret, address=offer.address) if offer is not None else None,
            passkey_options=msgspec.Raw(pending.passkey) if pending.passkey is not None else None,
        )

    @post("/second-factor", needs=Permission.NOTHING, status_code=200, summary="Give the second factor")
    async def by_code(
        self, request: Req, data: JSONBody[CodeIn], prove_second_factor: NamedDependency[ProveSecondFactor]
    ) -> Response[SessionOut]:
        """401 ``bad_code``, up to five times; then ``challenge_ended``: sign in again. After a first set-up the answer
        carries ``recovery_codes``, this once.
        """
        proven = await prove_second_factor.by_code(data.challenge, data.code, device=device_of(request))
        answer = session_answer(request, proven.admitted, by_cookie=data.delivery == "cookie")
        answer.content.recovery_codes = list(proven.recovery_codes) or None
        return answer

    @post("/second-factor/passkey", needs=Permission.NOTHING, status_code=200, summary="Give a passkey as the second")
    async def by_passkey(
        self, request: Req, data: JSONBody[PasskeyIn], prove_second_factor: NamedDependency[ProveSecondFactor]
    ) -> Response[SessionOut]:
        """With the ``passkey_options`` that the challenge asked for."""
        proven = await prove_second_factor.by_passkey(
            data.challenge, msgspec.json.encode(data.credential), site_of(request), device=device_of(request)
        )
        return session_answer(request, proven.admitted, by_cookie=data.delivery == "cookie")

    @post("/passkey/options", needs=Permission.NOTHING, status_code=200, summary="Begin to sign in by passkey")
    async def ask(self, request: Req, sign_in_by_passkey: NamedDependency[SignInByPasskey]) -> CeremonyOut:
        """For ``navigator.credentials.get``; good for ten minutes and one answer."""
        return CeremonyOut.of(await sign_in_by_passkey.ask(site_of(request)))

    @post("/passkey", needs=Permission.NOTHING, status_code=200, summary="Sign in by passkey")
    async def passkey(
        self, request: Req, data: JSONBody[PasskeyIn], sign_in_by_passkey: NamedDependency[SignInByPasskey]
    ) -> Response[SessionOut]:
        """The device has made sure of its owner, so no second factor is asked for."""
        admitted = await sign_in_by_passkey(
            data.challenge, msgspec.json.encode(data.credential), site_of(request), device=device_of(request)
        )
        return session_answer(request, admitted, by_cookie=data.delivery == "cookie")


class OwnFactorApi(Controller):
    path = "/api/v1/me"
    tags = ("identity",)

    @get("/security", needs=Permission.SIGNED_IN, summary="How I can sign in")
    async def own_security(self, request: Req, see_security: NamedDependency[SeeSecurity]) -> SecurityOut:
        """Second factors, passkeys and linked providers of the person behind the session."""
        seen = await see_security(request.user)
        return SecurityOut(
            totp=seen.totp,
            required=seen.required,
            has_password=seen.has_password,
            recovery_codes_left=seen.recovery_codes_left,
            passkeys=[
                PasskeyOut(
                    id=key.id,
                    name=key.name,
                    created_at=key.created_at,
                    last_used_at=key.last_used_at,
                    backed_up=key.backed_up,
                )
                for key in seen.passkeys
            ],
            providers=[identity.provider for identity in seen.providers],
        )

    @post("/totp", needs=Permission.SIGNED_IN, status_code=200, summary="Begin to set up an authenticator app")
    async def begin_totp(
        self, request: Req, data: JSONBody[ProofIn], set_up_totp: NamedDependency[SetUpTotp]
    ) -> TotpOut:
        """Nothing changes before the first code confirms it. 409 ``second_factor_on`` where there is one."""
        offer = await set_up_totp.begin(request.user, data.proof, school=config_of(request).school_name)
        return TotpOut(secret=offer.secret, address=offer.address)

    @post("/totp/confirm", needs=Permission.SIGNED_IN, status_code=200, summary="Turn the authenticator app on")
    async def confirm_totp(
        self, request: Req, data: JSONBody[FirstCodeIn], set_up_totp: NamedDependency[SetUpTotp]
    ) -> CodesOut:
        """With its first code; 422 ``wrong_code`` otherwise."""
        return CodesOut(list(await set_up_totp.confirm(request.user, data.code)))

    @post("/totp/remove", needs=Permission.SIGNED_IN, status_code=204, summary="Turn the authenticator app off")
    async def remove_totp(self, request: Req, data: JSONBody[ProofIn], set_up_totp: NamedDependency[SetUpTotp]) -> None:
        """409 ``second_factor_required`` when it is the last one and the school asks for one."""
        await set_up_totp.remove(request.user, data.proof)

    @post("/recovery-codes", needs=Permission.SIGNED_IN, status_code=200, summary="New recovery codes")
    async def recovery_codes(
        self, request: Req, data: JSONBody[ProofIn], set_up_totp: NamedDependency[SetUpTotp]
    ) -> CodesOut:
        """The old ones are good no more."""
        return CodesOut(list(await set_up_totp.renew_codes(request.user, data.proof)))

    @post("/passkeys/options", needs=Permission.SIGNED_IN, status_code=200, summary="Begin to add a passkey")
    async def ask_passkey(
        self, request: Req, data: JSONBody[ProofIn], add_passkey: NamedDependency[AddPasskey]
    ) -> CeremonyOut:
        """For ``navigator.credentials.create``."""
        return CeremonyOut.of(await add_passkey.ask(request.user, data.proof, site_of(request)))

    @post("/passkeys", needs=Permission.SIGNED_IN, summary="Add a passkey")
    async def add_passkey(
        self, request: Req, data: JSONBody[NewPasskeyIn], add_passkey: NamedDependency[AddPasskey]
    ) -> CodesOut:
        """Recovery codes come with the first factor of an account."""
        answer = msgspec.json.encode(data.credential)
        codes = await add_passkey.add(request.user, data.challenge, answer, data.name, site_of(request))
        return CodesOut(list(codes))

    @post("/passkeys/{passkey_id:uuid}/remove", needs=Permission.SIGNED_IN, status_code=204, summary="Remove a passkey")
    async def remove_passkey(
        self,
        request: Req,
        passkey_id: FromPath[UUID],
        data: JSONBody[ProofIn],
        remove_passkey: NamedDependency[RemovePasskey],
    ) -> None:
        """It opens nothing here any more; the device keeps it until its owner deletes it there."""
        await remove_passkey(request.user, PasskeyId(passkey_id), data.proof)

    @post("/providers/{provider:str}/unlink", needs=Permission.SIGNED_IN, status_code=204, summary="Unlink a provider")
    async def unlink(
        self,
        request: Req,
        provider: FromPath[str],
        data: JSONBody[ProofIn],
        unlink_provider: NamedDependency[UnlinkProvider],
    ) -> None:
        """409 ``last_way_in`` for somebody without a password."""
        await unlink_provider(request.user, provider, data.proof)


class StaffFactorApi(Controller):
    path = "/api/v1/staff/people"
    tags = ("staff",)

    @post(
        "/{user_id:uuid}/reset-factors",
        needs=Permission.MANAGE_PEOPLE,
        status_code=204,
        summary="Take somebody's second factors away",
    )
    async def reset(
        self,
        request: Req,
        user_id: FromPath[UUID],
        data: JSONBody[ReasonIn],
        reset_factors: NamedDependency[ResetFactors],
    ) -> None:
        """For somebody who has lost phone and codes, after making sure that it is him. Ends all his sessions."""
        await reset_factors(ResetFactorsCommand(actor=request.user, user_id=UserId(user_id), reason=data.reason))


CONTROLLERS_MAIN = (SecondFactorApi, OwnFactorApi)
CONTROLLERS_ADMIN = (SecondFactorApi, OwnFactorApi, StaffFactorApi)
