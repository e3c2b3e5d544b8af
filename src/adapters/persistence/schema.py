"""All tables at once. A module whose name ends in ``tables`` declares tables; importing them fills ``metadata``."""

import pkgutil
from importlib import import_module

from sqlalchemy import MetaData

import adapters.persistence
from adapters.persistence.metadata import metadata


def whole_schema() -> MetaData:
    package = adapters.persistence
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if found.name.endswith("tables"):
            import_module(found.name)
    return metadata
