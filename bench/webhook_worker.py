"""The worker with the two jobs that a webhook needs: ``python bench/webhook_worker.py PORT``, settings in the
environment. The message becomes a captured payment (``process_webhooks``), and that a confirmed lesson with what is
told of it (``relay_events``). It looks for work without pause as long as there is some.
"""

import asyncio
import sys

from provider import serve

from domain.identity.permission import Audience
from entrypoints.container import Container
from entrypoints.serve import configure_logging
from entrypoints.settings import load
from entrypoints.work import each_academy

IDLE_S = 0.05


async def main(port: int) -> None:
    settings = load()
    configure_logging(settings, "worker")
    container = Container(settings, Audience.ADMIN)
    academies = container.academies()
    jobs = [each_academy(name, container.offers[name], academies) for name in ("process_webhooks", "relay_events")]

    async def again(number: int) -> None:
        while True:
            if not await jobs[number]():
                await asyncio.sleep(IDLE_S)

    async with await asyncio.start_server(serve, "127.0.0.1", port):
        await asyncio.gather(*(again(number) for number in range(len(jobs))))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
