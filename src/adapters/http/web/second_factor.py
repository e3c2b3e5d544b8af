"""The page between the password and the school: a code, a passkey, or the first set-up. And passkeys alone. (ID-10)"""

from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromQuery

from adapters.http.authentication import session_cookies
from adapters.http.flash import local_path, redirect
from adapters.http.given import NamedDependency
from adapters.http.landing import landing_of
from adapters.http.qr import square_code
from adapters.http.refusals import refusal
from adapters.http.requests import Req, config_of, device_of
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import fields_of
from adapters.http.welcome import SECOND, challenge_name, short_cookie, site_of, welcome
from adapters.http.words import sentence
from application.identity.authenticate import WrongDoor
from application.identity.passkeys import SignInByPasskey
from application.identity.prove_second_factor import Proven, ProveSecondFactor, SeeSecondFactor
from application.identity.second_factor import BadCode
from domain.errors import NotSignedIn, TooMany
from domain.identity.challenge import ChallengeEnded
from domain.identity.permission import Permission
from domain.identity.session import Factor
from ports.identity.passkeys import BadPasskeyAnswer


class SecondFactorController(Controller):
    include_in_schema = False

    @get(SECOND, needs=Permission.NOTHING)
    async def form(
        self, request: Req, see_second_factor: NamedDependency[SeeSecondFactor], next: FromQuery[str] = ""
    ) -> Response[Any]:
        try:
            return await self._page(request, see_second_factor, next, problem="")
        except ChallengeEnded:
            return self._start_again(request)

    @post(SECOND, needs=Permission.NOTHING, status_code=200)
    async def by_code(
        self,
        request: Req,
        prove_second_factor: NamedDependency[ProveSecondFactor],
        see_second_factor: NamedDependency[SeeSecondFactor],
    ) -> Response[Any]:
        fields = await fields_of(request)
        token, wanted = request.cookies.get(challenge_name(config_of(request)), ""), fields.get("next", "")
        try:
            proven = await prove_second_factor.by_code(token, fields.get("code", ""), device=device_of(request))
        except ChallengeEnded:
            return self._start_again(request)
        except (BadCode, TooMany) as error:
            return await self._again(request, see_second_factor, wanted, error)
        return self._in(request, proven, wanted)

    @post(f"{SECOND}/passkey", needs=Permission.NOTHING, status_code=200)
    async def by_passkey(
        self,
        request: Req,
        prove_second_factor: NamedDependency[ProveSecondFactor],
        see_second_factor: NamedDependency[SeeSecondFactor],
    ) -> Response[Any]:
        fields = await fields_of(request)
        token, wanted = request.cookies.get(challenge_name(config_of(request)), ""), fields.get("next", "")
        answer = fields.get("answer", "").encode()
        try:
            proven = await prove_second_factor.by_passkey(token, answer, site_of(request), device=device_of(request))
        except ChallengeEnded:
            return self._start_again(request)
        except BadPasskeyAnswer as error:
            return await self._again(request, see_second_factor, wanted, error)
        return self._in(request, proven, wanted)

    @post("/sign-in/passkey", needs=Permission.NOTHING, status_code=200)
    async def passkey_alone(self, request: Req, sign_in_by_passkey: NamedDependency[SignInByPasskey]) -> Response[Any]:
        """``challenge`` and ``answer`` are filled in by the page's script."""
        fields = await fields_of(request)
        answer = fields.get("answer", "").encode()
        try:
            admitted = await sign_in_by_passkey(
                fields.get("challenge", ""), answer, site_of(request), device=device_of(request)
            )
        except (BadPasskeyAnswer, ChallengeEnded, WrongDoor) as error:
            return redirect(request, "/sign-in", sentence(refusal(error)), "problem")
        return welcome(request, admitted, fields.get("next"))

    async def _again(
        self, request: Req, see: SeeSecondFactor, wanted: str, error: NotSignedIn | TooMany
    ) -> Response[Any]:
        status = 429 if isinstance(error, TooMany) else 401
        try:
            return await self._page(request, see, wanted, problem=sentence(refusal(error)), status_code=status)
        except ChallengeEnded:
            return self._start_again(request)

    @staticmethod
    async def _page(
        request: Req, see: SeeSecondFactor, wanted: str, *, problem: str, status_code: int = 200
    ) -> Response[Any]:
        token = request.cookies.get(challenge_name(config_of(request)), "")
        pending = await see(token, site_of(request))
        return page(
            request,
            "identity/second_factor.html",
            status_code=status_code,
            next=local_path(wanted, ""),
            problem=problem,
            by_app=Factor.TOTP in pending.factors,
            by_code=bool({Factor.TOTP, Factor.RECOVERY_CODE} & set(pending.factors)),
            passkey=pending.passkey.decode() if pending.passkey is not None else "",
            offer=pending.offer,
            drawing=square_code(pending.offer.address) if pending.offer is not None else "",
        )

    @staticmethod
    def _start_again(request: Req) -> Response[Any]:
        config = config_of(request)
        text = _("That took too long or was tried too often. Sign in again.")
        answer = redirect(request, "/sign-in", text, "problem")
        answer.cookies.append(short_cookie(config, challenge_name(config), ""))
        return answer

    @staticmethod
    def _in(request: Req, proven: Proven, wanted: str) -> Response[Any]:
        config, done = config_of(request), short_cookie(config_of(request), challenge_name(config_of(request)), "")
        if not proven.recovery_codes:
            answer = welcome(request, proven.admitted, wanted)
            answer.cookies.append(done)
            return answer
        home = landing_of(proven.admitted.role, proven.admitted.onboarding)
        return page(
            request,
            "identity/recovery_codes.html",
            cookies=[*session_cookies(config, proven.admitted), done],
            codes=proven.recovery_codes,
            onward=local_path(wanted, home),
        )


CONTROLLERS_MAIN = (SecondFactorController,)
CONTROLLERS_ADMIN = (SecondFactorController,)
