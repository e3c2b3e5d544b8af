"""Where am I signed in, and since when. (ID-18)"""

from collections.abc import Sequence

from domain.identity.actor import Actor
from domain.identity.permission import Permission
from ports.clock import Clock
from ports.identity.queries import DeviceQueries, DeviceView


class SeeDevices:
    """Raises NotPermitted."""

    def __init__(self, devices: DeviceQueries, clock: Clock) -> None:
        self._devices, self._clock = devices, clock

    async def __call__(self, actor: Actor) -> Sequence[DeviceView]:
        actor.require(Permission.SIGNED_IN)
        return await self._devices.of(actor.user_id, now=self._clock.now())
