"""Children, those who answer for them, and what keeps them safe."""

from typing import Any

from dependency_injector import containers, providers

from adapters.persistence.identity.guardians import SqlGuardianQueries
from adapters.persistence.onboarding.safety import SqlSafetyQueries


class GuardiansContainer(containers.DeclarativeContainer):
    new_unit: providers.Dependency[Any] = providers.Dependency()
    clock: providers.Dependency[Any] = providers.Dependency()
    new_id: providers.Dependency[Any] = providers.Dependency()
    engine: providers.Dependency[Any] = providers.Dependency()

    guardian_queries = providers.Singleton(SqlGuardianQueries, engine)
    safety_queries = providers.Singleton(SqlSafetyQueries, engine)
