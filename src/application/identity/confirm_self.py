"""Once more, with the password or a code, before something that would lock a thief in and the owner out."""

from application.identity.second_factor import GUESSES, accept_code, factors_of, require_patience
from domain.errors import Invalid
from domain.identity.password import normalized
from domain.ids import UserId
from ports.cipher import Cipher
from ports.clock import Clock
from ports.identity.passwords import PasswordHasher
from ports.throttle import Throttle
from ports.unit_of_work import NewUnit


class BadProof(Invalid):
    """Neither the password of the account nor a code that is good now."""

    code = "bad_proof"


class ConfirmSelf:
    """Raises BadProof, TooMany. Whoever has neither a password nor a second factor, because he signs in through
    another provider, has nothing that could be asked for.
    """

    def __init__(
        self, new_unit: NewUnit, clock: Clock, hasher: PasswordHasher, cipher: Cipher, throttle: Throttle
    ) -> None:
        self._new_unit, self._clock, self._hasher = new_unit, clock, hasher
        self._cipher, self._throttle = cipher, throttle

    async def __call__(self, user_id: UserId, proof: str) -> None:
        await require_patience(self._throttle, user_id)
        async with self._new_unit() as unit:
            user = await unit.users.get(user_id)
            if not user.password_hash and not await factors_of(unit, user_id):
                return
            if await accept_code(unit, self._cipher, user_id, proof, at=self._clock.now()) is not None:
                await unit.commit()
                return
        if await self._hasher.verify(user.password_hash or None, normalized(proof)):
            return
        await self._throttle.hit(GUESSES, str(user_id))
        raise BadProof("neither your password nor a code that is good now", field="proof")
