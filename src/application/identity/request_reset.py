"""A link for somebody who has forgotten his password. (ID-18)

Whoever asks learns nothing about whether the address is known: the answer is the same, and so is the work done before
it. The address is looked up by the worker.
"""

import hashlib
from typing import Final

from domain.errors import TooMany
from domain.events import Event
from domain.identity.events import PasswordResetAsked, PasswordResetRequested
from domain.identity.user import email_address, same_address
from domain.ids import EventId
from ports.academy import current_academy
from ports.clock import Clock
from ports.throttle import Limit, Throttle
from ports.unit_of_work import NewUnit

ANSWER_RESET: Final = "identity.answer_reset"
BY_ACCOUNT: Final = Limit(name="reset_account", times=3, per_s=3600)
BY_ADDRESS: Final = Limit(name="reset_address", times=20, per_s=3600)


class RequestReset:
    """``address``: where the request comes from. Raises Invalid for what is no e-mail address, TooMany."""

    def __init__(self, new_unit: NewUnit, clock: Clock, throttle: Throttle) -> None:
        self._new_unit, self._clock, self._throttle = new_unit, clock, throttle

    async def __call__(self, email: str, *, address: str = "") -> None:
        email = email_address(email)
        account = hashlib.sha256(f"{current_academy()}:{same_address(email)}".encode()).hexdigest()
        for limit, who in ((BY_ADDRESS, address), (BY_ACCOUNT, account)):
            standing = await self._throttle.hit(limit, who)
            if not standing.allowed:
                raise TooMany("too many links were asked for; come back later", retry_after_s=standing.reset_s)
        async with self._new_unit() as unit:
            unit.record(PasswordResetAsked(email=email, at=self._clock.now()))
            await unit.commit()


class AnswerReset:
    """The worker's part: from an address to the account, where there is one that may sign in."""

    def __init__(self, new_unit: NewUnit) -> None:
        self._new_unit = new_unit

    async def __call__(self, event_id: EventId, event: Event) -> None:
        """Handled twice, it mails two links, of which both open the same door."""
        del event_id
        if not isinstance(event, PasswordResetAsked):
            return
        async with self._new_unit() as unit:
            user = await unit.users.by_email(event.email)
            if user is not None and user.may_sign_in:
                unit.record(PasswordResetRequested(user_id=user.id, at=event.at))
                await unit.commit()
