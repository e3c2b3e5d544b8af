"""WebAuthn through ``webauthn`` (py_webauthn). Attestation is not asked for: any maker's passkey is welcome.

Source: W3C Web Authentication, level 2, sections 5.4, 5.5, 7.1 and 7.2.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from domain.identity.passkey import Passkey
from domain.ids import UserId
from ports.identity.passkeys import BadPasskeyAnswer, MadePasskey, Site, UsedPasskey

LARGEST: Final = 20_000
_TRANSPORTS: Final = {transport.value for transport in AuthenticatorTransport}
_REFUSED: Final = (WebAuthnException, ValueError, KeyError, TypeError)
"""What an answer that somebody made up can end in: the library reads it with few checks of its own."""


class WebAuthn:
    """Keeps ``ports.identity.passkeys.PasskeyCeremonies``."""

    def ask_to_make(
        self, site: Site, *, user_id: UserId, account: str, name: str, nonce: bytes, known: Sequence[Passkey]
    ) -> bytes:
        options = generate_registration_options(
            rp_id=site.host,
            rp_name=site.name,
            user_id=user_id.bytes,
            user_name=account,
            user_display_name=name,
            challenge=nonce,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=_described(known),
        )
        return options_to_json(options).encode()

    def check_made(self, site: Site, *, nonce: bytes, answer: bytes) -> MadePasskey:
        try:
            made = verify_registration_response(
                credential=_read(answer),
                expected_challenge=nonce,
                expected_rp_id=site.host,
                expected_origin=site.origin,
            )
            transports = _read(answer)["response"].get("transports") or []
            told = {word for word in transports if isinstance(word, str)}
        except _REFUSED as error:
            raise BadPasskeyAnswer("this passkey could not be checked; try again") from error
        return MadePasskey(
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            transports=tuple(sorted(told & _TRANSPORTS)),
            backed_up=made.credential_backed_up,
        )

    def ask_to_sign(self, site: Site, *, nonce: bytes, known: Sequence[Passkey], verify: bool) -> bytes:
        options = generate_authentication_options(
            rp_id=site.host,
            challenge=nonce,
            allow_credentials=_described(known),
            user_verification=(
                UserVerificationRequirement.REQUIRED if verify else UserVerificationRequirement.PREFERRED
            ),
        )
        return options_to_json(options).encode()

    def credential_of(self, answer: bytes) -> bytes:
        try:
            return base64url_to_bytes(_read(answer)["id"])
        except _REFUSED as error:
            raise BadPasskeyAnswer("this passkey could not be checked; try again") from error

    def check_signed(self, site: Site, passkey: Passkey, *, nonce: bytes, answer: bytes, verify: bool) -> UsedPasskey:
        try:
            used = verify_authentication_response(
                credential=_read(answer),
                expected_challenge=nonce,
                expected_rp_id=site.host,
                expected_origin=site.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=verify,
            )
        except _REFUSED as error:
            raise BadPasskeyAnswer("this passkey could not be checked; try again") from error
        return UsedPasskey(
            sign_count=used.new_sign_count, backed_up=used.credential_backed_up, verified=used.user_verified
        )


def _read(answer: bytes) -> dict[str, Any]:
    if len(answer) > LARGEST:
        raise ValueError("longer than any passkey's answer")
    return msgspec.json.decode(answer, type=dict[str, Any])


def _described(passkeys: Iterable[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=passkey.credential_id,
            transports=[AuthenticatorTransport(word) for word in passkey.transports if word in _TRANSPORTS],
        )
        for passkey in passkeys
    ]
