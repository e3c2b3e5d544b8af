"""A key pair on somebody's phone, computer or security key: signs in without a password, or after one."""

from datetime import datetime
from typing import Final

import msgspec

from domain.errors import Conflict, Invalid
from domain.ids import PasskeyId, UserId

MOST: Final = 20


class PasskeyTaken(Conflict):
    code = "passkey_taken"


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """``public_key`` as COSE. ``relying_party`` is the host name it was made for: it answers nobody else."""

    id: PasskeyId
    user_id: UserId
    credential_id: bytes
    public_key: bytes
    sign_count: int
    relying_party: str
    name: str
    transports: tuple[str, ...] = ()
    backed_up: bool = False
    created_at: datetime
    last_used_at: datetime | None = None

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > 60 or not self.name.isprintable():
            raise Invalid("a passkey's name has between 1 and 60 characters", field="name")

    def used(self, *, sign_count: int, backed_up: bool, at: datetime) -> "Passkey":
        return msgspec.structs.replace(self, sign_count=sign_count, backed_up=backed_up, last_used_at=at)
