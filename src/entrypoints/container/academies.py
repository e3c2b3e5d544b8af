"""The schools of this installation, as their owners run them."""

from typing import Any

from dependency_injector import containers, providers

from adapters.persistence.identity.academies import SqlAcademyQueries
from application.identity.academies import ChangeAcademy, CreateAcademy, ListAcademies


class AcademiesContainer(containers.DeclarativeContainer):
    new_unit: providers.Dependency[Any] = providers.Dependency()
    clock: providers.Dependency[Any] = providers.Dependency()
    new_id: providers.Dependency[Any] = providers.Dependency()
    engine: providers.Dependency[Any] = providers.Dependency()
    ensure_account: providers.Dependency[Any] = providers.Dependency()

    academy_queries = providers.Singleton(SqlAcademyQueries, engine)
    list_academies = providers.Factory(ListAcademies, academy_queries)
    create_academy = providers.Factory(CreateAcademy, new_unit, clock, new_id, ensure_account)
    change_academy = providers.Factory(ChangeAcademy, new_unit)
