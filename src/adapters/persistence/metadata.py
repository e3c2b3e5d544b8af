"""The one MetaData that all contexts' tables hang on. Constraint names are predictable, so that they can be caught."""

from typing import Any, Final

from sqlalchemy import Column, ForeignKey, LargeBinary, MetaData, Table, Uuid

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

WALL: Final = "academy_id"


def academy_column() -> "Column[Any]":
    """For every table whose rows can be named from outside: ``Statement`` then keeps to the current academy's rows."""
    return Column(WALL, Uuid, ForeignKey("academies.id"), nullable=False)


def own_columns(table: Table) -> "list[Column[Any]]":
    """What the entity is made of: all but the wall, of which it knows nothing."""
    return [column for column in table.c if column.name != WALL]


SEALED: Final = "sealed"
"""In a column's ``info``: what it holds is encrypted by the ``Cipher``, and is sealed anew when keys change."""


def sealed_column(name: str, *, nullable: bool = True) -> "Column[Any]":
    """For every secret that has to be read again: ``halaqa rotate-keys`` finds them all by this mark. (OPS-15)"""
    return Column(name, LargeBinary, nullable=nullable, info={SEALED: True})
