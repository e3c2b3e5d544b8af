"""A passkey in software: signs what an authenticator would sign, so that the checks are the real ones."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def packed(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unpacked(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class SoftPasskey:
    """``verifies``: asks its owner for a finger. ``origin`` is where the browser believes to be."""

    def __init__(self, origin: str, *, verifies: bool = True) -> None:
        self.origin, self.verifies, self.count = origin, verifies, 0
        self.credential_id = secrets.token_bytes(16)
        self._key = ec.generate_private_key(ec.SECP256R1())

    def make(self, options: bytes) -> bytes:
        """The answer to ``navigator.credentials.create(options)``."""
        asked = json.loads(options)
        numbers = self._key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(public)
        data = self._data(asked["rp"]["id"], extra=ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        told = self._told("webauthn.create", asked["challenge"])
        return self._answer(
            {"clientDataJSON": packed(told), "attestationObject": packed(attestation), "transports": ["internal"]}
        )

    def sign(self, options: bytes) -> bytes:
        """The answer to ``navigator.credentials.get(options)``."""
        asked = json.loads(options)
        self.count += 1
        data, told = self._data(asked["rpId"]), self._told("webauthn.get", asked["challenge"])
        signature = self._key.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": packed(told),
                "authenticatorData": packed(data),
                "signature": packed(signature),
                "userHandle": None,
            }
        )

    def _data(self, host: str, extra: int = 0) -> bytes:
        flags = PRESENT | (VERIFIED if self.verifies else 0) | extra
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _told(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, Any]) -> bytes:
        name = packed(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response}).encode()
