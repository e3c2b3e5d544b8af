"""The WebAuthn ceremonies, without their encodings. ``options`` and ``answer`` are the JSON that browsers speak."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from domain.errors import NotSignedIn
from domain.identity.passkey import Passkey
from domain.ids import UserId


class BadPasskeyAnswer(NotSignedIn):
    """Not signed by that passkey, for this challenge, on this site."""

    code = "bad_passkey"


class Site(msgspec.Struct, frozen=True):
    """``name`` is shown by the browser; ``host`` is what a passkey is bound to; ``origin`` has scheme and port."""

    name: str
    host: str
    origin: str


class MadePasskey(msgspec.Struct, frozen=True, kw_only=True):
    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    backed_up: bool


class UsedPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """``verified``: the device made sure by a finger, a face or a code that it is the owner."""

    sign_count: int
    backed_up: bool
    verified: bool


class PasskeyCeremonies(Protocol):
    def ask_to_make(
        self, site: Site, *, user_id: UserId, account: str, name: str, nonce: bytes, known: Sequence[Passkey]
    ) -> bytes:
        """Options for ``navigator.credentials.create``."""
        ...

    def check_made(self, site: Site, *, nonce: bytes, answer: bytes) -> MadePasskey:
        """Raises BadPasskeyAnswer."""
        ...

    def ask_to_sign(self, site: Site, *, nonce: bytes, known: Sequence[Passkey], verify: bool) -> bytes:
        """Options for ``navigator.credentials.get``. Nobody in ``known``: the browser offers what it has."""
        ...

    def credential_of(self, answer: bytes) -> bytes:
        """Whose answer it claims to be. Raises BadPasskeyAnswer."""
        ...

    def check_signed(self, site: Site, passkey: Passkey, *, nonce: bytes, answer: bytes, verify: bool) -> UsedPasskey:
        """Raises BadPasskeyAnswer."""
        ...
