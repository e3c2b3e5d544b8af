"""Every Qari whom strangers can find, for those who index the school's pages. (DISC-14)"""

from collections.abc import Sequence

from domain.ids import UserId
from ports.scheduling.queries import QariDirectory


class ListQaris:
    def __init__(self, directory: QariDirectory) -> None:
        self._directory = directory

    async def __call__(self) -> Sequence[UserId]:
        return await self._directory.listed()
