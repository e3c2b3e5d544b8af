"""Fernet (AES-128-CBC with HMAC-SHA256) with rotation. Source: cryptography docs, "MultiFernet"."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ports.cipher import CannotOpen


class FernetCipher:
    """``keys``: url-safe base64 of 32 bytes each, newest first. Raises ValueError for a key of another shape."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("at least one encryption key is needed")
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise CannotOpen("none of the configured keys opens this") from error

    def reseal(self, sealed: bytes) -> bytes:
        try:
            return self._fernet.rotate(sealed)
        except InvalidToken as error:
            raise CannotOpen("none of the configured keys opens this") from error
