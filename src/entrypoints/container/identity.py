"""Accounts and sessions; and the keys that keep repeated writes to one effect."""

from typing import Any

from dependency_injector import containers, providers

from adapters.http.idempotency import Once
from adapters.passwords import ArgonHasher
from adapters.persistence.idempotency import SqlIdempotency
from adapters.persistence.identity.queries import SqlPeople, SqlSessionQueries
from application.identity.authenticate import Authenticate
from application.identity.forget_old import ForgetOld
from application.identity.register import Register
from application.identity.resend_verification import ResendVerification
from application.identity.sign_in import SignIn
from application.identity.sign_out import SignOut
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

    hasher = providers.Singleton(ArgonHasher)
    session_queries = providers.Singleton(SqlSessionQueries, engine)
    people = providers.Singleton(SqlPeople, engine)
    idempotency_store = providers.Singleton(SqlIdempotency, engine)
    once = providers.Singleton(Once, idempotency_store, clock, new_id)
    authenticate = providers.Singleton(Authenticate, audience, session_queries, clock)

    register = providers.Factory(Register, new_unit, clock, new_id, hasher)
    sign_in = providers.Factory(SignIn, new_unit, clock, hasher, audience)
    sign_out = providers.Factory(SignOut, new_unit)
    verify_email = providers.Factory(VerifyEmail, new_unit, clock)
    resend_verification = providers.Factory(ResendVerification, new_unit, clock)
    forget_old = providers.Factory(ForgetOld, new_unit, clock, idempotency_store)
    mint_verification = providers.Factory(MintVerification, new_unit, clock, settings.provided.secret_key)
