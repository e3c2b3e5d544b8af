"""What every context stands on: settings, time, the database, Redis, encryption."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import msgspec
from arq.connections import ArqRedis
from dependency_injector import containers, providers
from redis.asyncio import BlockingConnectionPool
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.academies import Academies
from adapters.cache import MemoryCache, RedisCache
from adapters.messaging.wakeup import RedisWakeup
from adapters.outgoing.budget import RedisBudget
from adapters.outgoing.public import public_client
from adapters.outgoing.tokens import Tokens
from adapters.outgoing.troubles import Troubles
from adapters.persistence.cipher import FernetCipher
from adapters.persistence.engine import new_engine
from adapters.persistence.identity.academies import SqlAcademyQueries
from adapters.persistence.oversight.troubles import TroubleLog
from adapters.persistence.unit_of_work import SqlUnit
from adapters.redis_line import RedisLine, suits
from adapters.system import SystemClock, new_id
from entrypoints.container.subscriptions import subscribers_of
from entrypoints.settings import Settings
from ports.cache import Cache
from ports.outbox import Wakeup
from ports.unit_of_work import NewUnit, UnitOfWork


def _engine(settings: Settings, audience: str) -> AsyncEngine:
    return new_engine(settings.database_url, pool_size=settings.pool_size, name=f"halaqa-{audience}")


def _redis(settings: Settings) -> ArqRedis:
    """A bounded pool that waits its turn: redis-py's default one fails under a few hundred commands at once. It is the
    client's own, and closes with it.
    """
    pool = BlockingConnectionPool.from_url(settings.redis_url, max_connections=16, timeout=2, socket_connect_timeout=1)
    redis = ArqRedis(
        connection_pool=pool,
        job_serializer=msgspec.msgpack.encode,
        job_deserializer=msgspec.msgpack.decode,
    )
    redis.auto_close_connection_pool = True
    return redis


def _cache(settings: Settings, redis: ArqRedis) -> Cache:
    return RedisCache(redis) if settings.cache == "redis" else MemoryCache()


def _line(settings: Settings) -> RedisLine | None:
    return RedisLine(settings.redis_url) if suits(settings.redis_url) else None


def _new_unit(engine: AsyncEngine, wakeup: Wakeup) -> NewUnit:
    def new_unit() -> AbstractAsyncContextManager[UnitOfWork]:
        return SqlUnit(engine, subscribers_of, new_id, wakeup)

    return new_unit


def _new_id() -> Callable[[], Any]:
    return new_id


class Shared(containers.DeclarativeContainer):
    settings = providers.Dependency(instance_of=Settings)
    audience: providers.Dependency[Any] = providers.Dependency()
    clock = providers.Singleton(SystemClock)
    new_id = providers.Singleton(_new_id)
    engine = providers.Singleton(_engine, settings, audience)
    redis = providers.Singleton(_redis, settings)
    redis_line = providers.Singleton(_line, settings)
    wakeup = providers.Singleton(RedisWakeup, redis)
    academies = providers.Singleton(
        Academies,
        providers.Singleton(SqlAcademyQueries, engine),
        main_url=settings.provided.main_url,
        admin_url=settings.provided.admin_url,
        school_name=settings.provided.school_name,
    )
    academy_url = academies.provided.main_url.call()
    """Of the academy at hand: for what is made anew for each call."""
    academy_name = academies.provided.name.call()
    new_unit = providers.Singleton(_new_unit, engine, wakeup)
    cipher = providers.Singleton(FernetCipher, settings.provided.encryption_keys)
    budget = providers.Singleton(RedisBudget, redis)
    cache = providers.Singleton(_cache, settings, redis)
    tokens = providers.Singleton(Tokens, cache, cipher)
    trouble_log = providers.Singleton(TroubleLog, engine, clock)
    troubles = providers.Singleton(Troubles, trouble_log.provided.note)
    public_client = providers.Singleton(public_client)
    http_client = providers.Singleton(httpx.AsyncClient, timeout=httpx.Timeout(10.0, connect=3.0))
