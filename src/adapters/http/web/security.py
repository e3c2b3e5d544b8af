"""The account page about getting in: authenticator app, recovery codes, passkeys, other providers. (ID-10)"""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from adapters.http.flash import redirect
from adapters.http.given import NamedDependency
from adapters.http.qr import square_code
from adapters.http.refusals import refusal
from adapters.http.requests import Req, config_of
from adapters.http.templating import page
from adapters.http.text import _
from adapters.http.web.forms import fields_of
from adapters.http.welcome import site_of
from adapters.http.words import sentence
from application.identity.confirm_self import BadProof
from application.identity.passkeys import AddPasskey, RemovePasskey
from application.identity.see_security import SeeSecurity, UnlinkProvider
from application.identity.set_up_totp import SetUpTotp, WrongFirstCode
from domain.errors import Conflict, DomainError, NotFound, NotSignedIn, TooMany
from domain.identity.permission import Permission
from domain.ids import PasskeyId
from ports.identity.providers import IdentityProviders

HOME = "/account/security"


class SecurityController(Controller):
    path = HOME
    include_in_schema = False

    @get("/", needs=Permission.SIGNED_IN)
    async def show(
        self,
        request: Req,
        see_security: NamedDependency[SeeSecurity],
        identity_providers: NamedDependency[IdentityProviders],
    ) -> Response[Any]:
        labels = {found.name: found.label for found in identity_providers.offered()}
        return page(request, "account/security.html", security=await see_security(request.user), labels=labels)

    @post("/totp", needs=Permission.SIGNED_IN, status_code=303)
    async def begin_totp(self, request: Req, set_up_totp: NamedDependency[SetUpTotp]) -> Response[Any]:
        proof = (await fields_of(request)).get("proof", "")
        try:
            await set_up_totp.begin(request.user, proof, school=config_of(request).school_name)
        except (BadProof, TooMany, Conflict) as error:
            return _refused(request, error)
        return redirect(request, f"{HOME}/totp")

    @get("/totp", needs=Permission.SIGNED_IN)
    async def totp(self, request: Req, set_up_totp: NamedDependency[SetUpTotp]) -> Response[Any]:
        try:
            return await self._offer(request, set_up_totp)
        except NotFound:
            return redirect(request, HOME)

    @post("/totp/confirm", needs=Permission.SIGNED_IN, status_code=200)
    async def confirm_totp(self, request: Req, set_up_totp: NamedDependency[SetUpTotp]) -> Response[Any]:
        try:
            codes = await set_up_totp.confirm(request.user, (await fields_of(request)).get("code", ""))
        except WrongFirstCode as error:
            return await self._offer(request, set_up_totp, problem=sentence(refusal(error)))
        except (NotFound, Conflict) as error:
            return _refused(request, error)
        return _done(request, codes, _("From now on signing in asks for a code of your app as well."))

    @post("/totp/remove", needs=Permission.SIGNED_IN, status_code=303)
    async def remove_totp(self, request: Req, set_up_totp: NamedDependency[SetUpTotp]) -> Response[Any]:
        try:
            await set_up_totp.remove(request.user, (await fields_of(request)).get("proof", ""))
        except (BadProof, TooMany, Conflict, NotFound) as error:
            return _refused(request, error)
        return redirect(request, HOME, _("The authenticator app is off."))

    @post("/recovery-codes", needs=Permission.SIGNED_IN, status_code=200)
    async def recovery_codes(self, request: Req, set_up_totp: NamedDependency[SetUpTotp]) -> Response[Any]:
        try:
            codes = await set_up_totp.renew_codes(request.user, (await fields_of(request)).get("proof", ""))
        except (BadProof, TooMany, NotFound) as error:
            return _refused(request, error)
        return _done(request, codes, "")

    @post("/passkeys/new", needs=Permission.SIGNED_IN, status_code=200)
    async def ask_passkey(self, request: Req, add_passkey: NamedDependency[AddPasskey]) -> Response[Any]:
        """A page of its own, whose button asks the browser."""
        try:
            asked = await add_passkey.ask(request.user, (await fields_of(request)).get("proof", ""), site_of(request))
        except (BadProof, TooMany, Conflict) as error:
            return _refused(request, error)
        return page(request, "account/passkey.html", challenge=asked.challenge, options=asked.options.decode())

    @post("/passkeys", needs=Permission.SIGNED_IN, status_code=200)
    async def add_passkey(self, request: Req, add_passkey: NamedDependency[AddPasskey]) -> Response[Any]:
        fields = await fields_of(request)
        challenge, answer = fields.get("challenge", ""), fields.get("answer", "").encode()
        try:
            codes = await add_passkey.add(request.user, challenge, answer, fields.get("name", ""), site_of(request))
        except (NotSignedIn, Conflict) as error:
            return _refused(request, error)
        return _done(request, codes, _("The passkey is added."))

    @post("/passkeys/{passkey_id:uuid}/remove", needs=Permission.SIGNED_IN, status_code=303)
    async def remove_passkey(
        self, request: Req, passkey_id: FromPath[UUID], remove_passkey: NamedDependency[RemovePasskey]
    ) -> Response[Any]:
        try:
            await remove_passkey(request.user, PasskeyId(passkey_id), (await fields_of(request)).get("proof", ""))
        except (BadProof, TooMany, Conflict) as error:
            return _refused(request, error)
        return redirect(request, HOME, _("The passkey opens nothing here any more. Delete it on your device as well."))

    @post("/providers/{provider:str}/unlink", needs=Permission.SIGNED_IN, status_code=303)
    async def unlink(
        self, request: Req, provider: FromPath[str], unlink_provider: NamedDependency[UnlinkProvider]
    ) -> Response[Any]:
        try:
            await unlink_provider(request.user, provider, (await fields_of(request)).get("proof", ""))
        except (BadProof, TooMany, Conflict) as error:
            return _refused(request, error)
        return redirect(request, HOME, _("That way in is closed."))

    @staticmethod
    async def _offer(request: Req, set_up_totp: SetUpTotp, *, problem: str = "") -> Response[Any]:
        offer = await set_up_totp.see(request.user, school=config_of(request).school_name)
        return page(
            request,
            "account/totp.html",
            status_code=422 if problem else 200,
            offer=offer,
            drawing=square_code(offer.address),
            problem=problem,
        )


def _refused(request: Req, error: DomainError) -> Response[Any]:
    return redirect(request, HOME, sentence(refusal(error)), "problem")


def _done(request: Req, codes: tuple[str, ...], text: str) -> Response[Any]:
    """Recovery codes are shown on the very answer, and never again."""
    if not codes:
        return redirect(request, HOME, text)
    return page(request, "identity/recovery_codes.html", codes=codes, onward=HOME)


CONTROLLERS_MAIN = (SecurityController,)
CONTROLLERS_ADMIN = (SecurityController,)
