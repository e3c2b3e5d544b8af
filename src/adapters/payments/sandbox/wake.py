"""A nudge inside the process: something may be due. Losing one costs a second, never work."""

import asyncio


class Wake:
    def __init__(self) -> None:
        self._event = asyncio.Event()

    def nudge(self) -> None:
        self._event.set()

    async def wait(self, at_most_s: float) -> None:
        try:
            await asyncio.wait_for(self._event.wait(), at_most_s)
        except TimeoutError:
            return
        self._event.clear()
