"""Accounts and sessions; and the keys that keep repeated writes to one effect."""

from typing import Any

from dependency_injector import containers, providers

from adapters.http.idempotency import Once
from adapters.passwords import ArgonHasher
from adapters.persistence.idempotency import SqlIdempotency
from adapters.persistence.identity.queries import SqlDevices, SqlPeople, SqlSessionQueries
from adapters.session_cache import CachedSessions
from adapters.throttle import RedisThrottle
from application.identity.act_as import ActAs
from application.identity.admit import Admit
from application.identity.authenticate import Authenticate
from application.identity.choose_language import ChooseLanguage
from application.identity.open_session import OpenSession
from application.identity.refresh import Refresh
from application.identity.register import Register
from application.identity.resend_verification import ResendVerification
from application.identity.see_devices import SeeDevices
from application.identity.sign_in import SignIn
from application.identity.sign_out import RemoveDevice, SignOut, SignOutEverywhere
from application.identity.subscriptions import FORGET_SESSIONS, ForgetSessions
from application.identity.verify_email import MintVerification, VerifyEmail
from entrypoints.settings import Settings


class IdentityContainer(containers.DeclarativeContainer):
    """``audience``: the door of this process; what the worker has there is of no account here."""

    settings: providers.Dependency[Settings] = providers.Dependency()
    audience: providers.Dependency[Any] = providers.Dependency()
    new_unit: providers.Dependency[Any] = providers.Dependency()
    clock: providers.Dependency[Any] = providers.Dependency()
    new_id: providers.Dependency[Any] = providers.Dependency()
    engine: providers.Dependency[Any] = providers.Dependency()
    redis: providers.Dependency[Any] = providers.Dependency()
    redis_line: providers.Dependency[Any] = providers.Dependency()

    hasher = providers.Singleton(ArgonHasher)
    stored_sessions = providers.Singleton(SqlSessionQueries, engine)
    session_cache = providers.Singleton(CachedSessions, stored_sessions, redis, redis_line)
    device_queries = providers.Singleton(SqlDevices, engine)
    throttle = providers.Singleton(RedisThrottle, settings.provided.redis_url)
    people = providers.Singleton(SqlPeople, engine)
    idempotency_store = providers.Singleton(SqlIdempotency, engine)
    once = providers.Singleton(Once, idempotency_store, clock, new_id)
    authenticate = providers.Singleton(Authenticate, audience, session_cache, clock)

    register = providers.Factory(Register, new_unit, clock, new_id, hasher)
    open_session = providers.Singleton(OpenSession, new_unit, clock, new_id, audience)
    admit = providers.Singleton(Admit, new_unit, clock, audience, open_session)
    sign_in = providers.Factory(SignIn, new_unit, hasher, audience, throttle, admit, settings.provided.sign_in_tries)
    refresh = providers.Singleton(Refresh, new_unit, clock, session_cache, audience, settings.provided.secret_key)
    sign_out = providers.Factory(SignOut, new_unit, clock, session_cache)
    remove_device = providers.Factory(RemoveDevice, new_unit, clock, session_cache)
    sign_out_everywhere = providers.Factory(SignOutEverywhere, new_unit, clock, session_cache)
    see_devices = providers.Factory(SeeDevices, device_queries, clock)
    act_as = providers.Factory(ActAs, new_unit, clock, session_cache)
    choose_language = providers.Factory(ChooseLanguage, new_unit, clock, session_cache)
    forget_sessions = providers.Factory(ForgetSessions, session_cache)
    verify_email = providers.Factory(VerifyEmail, new_unit, clock, session_cache)
    resend_verification = providers.Factory(ResendVerification, new_unit, clock)
    mint_verification = providers.Factory(MintVerification, new_unit, clock, settings.provided.secret_key)

    handlers = providers.Dict({FORGET_SESSIONS: forget_sessions})
