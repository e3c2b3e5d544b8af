"""Second factors, passkeys and sign-in by other providers."""

from typing import Any

import httpx
from dependency_injector import containers, providers

from adapters.oidc import OidcProviders
from adapters.oidc_settings import read_providers
from adapters.passkeys import WebAuthn
from application.identity.confirm_self import ConfirmSelf
from application.identity.passkeys import AddPasskey, RemovePasskey, SignInByPasskey
from application.identity.prove_second_factor import ProveSecondFactor, SeeSecondFactor
from application.identity.reset_factors import ResetFactors
from application.identity.see_security import SeeSecurity, UnlinkProvider
from application.identity.set_up_totp import SetUpTotp
from application.identity.sign_in_by_provider import DepartToProvider, SignInByProvider
from entrypoints.settings import Settings


def _identity_providers(settings: Settings, client: httpx.AsyncClient) -> OidcProviders:
    return OidcProviders(read_providers(settings.oidc_providers), client)


class FactorsContainer(containers.DeclarativeContainer):
    settings: providers.Dependency[Settings] = providers.Dependency()
    audience: providers.Dependency[Any] = providers.Dependency()
    new_unit: providers.Dependency[Any] = providers.Dependency()
    clock: providers.Dependency[Any] = providers.Dependency()
    new_id: providers.Dependency[Any] = providers.Dependency()
    cipher: providers.Dependency[Any] = providers.Dependency()
    http_client: providers.Dependency[Any] = providers.Dependency()
    hasher: providers.Dependency[Any] = providers.Dependency()
    throttle: providers.Dependency[Any] = providers.Dependency()
    session_cache: providers.Dependency[Any] = providers.Dependency()
    open_session: providers.Dependency[Any] = providers.Dependency()
    admit: providers.Dependency[Any] = providers.Dependency()

    ceremonies = providers.Singleton(WebAuthn)
    identity_providers = providers.Singleton(_identity_providers, settings, http_client)
    confirm_self = providers.Singleton(ConfirmSelf, new_unit, clock, hasher, cipher, throttle)

    see_second_factor = providers.Factory(SeeSecondFactor, new_unit, clock, audience, cipher, ceremonies)
    prove_second_factor = providers.Factory(
        ProveSecondFactor, new_unit, clock, audience, cipher, ceremonies, throttle, open_session
    )
    set_up_totp = providers.Factory(SetUpTotp, new_unit, clock, cipher, confirm_self)
    add_passkey = providers.Factory(AddPasskey, new_unit, clock, new_id, audience, ceremonies, confirm_self)
    remove_passkey = providers.Factory(RemovePasskey, new_unit, clock, confirm_self)
    sign_in_by_passkey = providers.Factory(SignInByPasskey, new_unit, clock, audience, ceremonies, open_session)
    depart_to_provider = providers.Factory(DepartToProvider, clock, cipher, identity_providers)
    sign_in_by_provider = providers.Factory(
        SignInByProvider, new_unit, clock, new_id, audience, cipher, identity_providers, admit, session_cache
    )
    see_security = providers.Factory(SeeSecurity, new_unit, clock)
    unlink_provider = providers.Factory(UnlinkProvider, new_unit, clock, confirm_self)
    reset_factors = providers.Factory(ResetFactors, new_unit, clock, session_cache)
