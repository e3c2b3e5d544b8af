"""The pair of keys by which push services know the school. (RFC 8292)"""

import base64
import binascii

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


class PushKeys(msgspec.Struct, frozen=True, kw_only=True):
    """In PEM; ``public`` as browsers want it told: an uncompressed point in URL-safe base64."""

    private_pem: bytes
    public_pem: bytes
    public: str


def new_push_key() -> str:
    """For the setting: 32 bytes in URL-safe base64."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return _written(number.to_bytes(32, "big"))


def read_push_key(text: str) -> PushKeys | None:
    """None for an empty text. Raises ValueError with a reason that shows no secret."""
    if not text:
        return None
    try:
        number = int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")
        key = ec.derive_private_key(number, ec.SECP256R1())
    except (binascii.Error, ValueError):
        raise ValueError("is no key; `halaqa make-push-keys` makes one") from None
    public = key.public_key()
    return PushKeys(
        private_pem=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        public_pem=public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        public=_written(public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)),
    )


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
