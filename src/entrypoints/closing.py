"""What a process has open towards others is closed before it ends, so that nobody waits for it in vain."""

from entrypoints.container import Container


async def close_connections(container: Container) -> None:
    """The last thing that is done with it."""
    line = container.smtp()
    if line is not None:
        await line.close()
    await container.http_client().aclose()
    await container.public_client().aclose()
    await container.throttle().close()
    await container.redis().aclose(close_connection_pool=True)
    await container.engine().dispose()
