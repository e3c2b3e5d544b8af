"""Outside services that keep failing. They serve the whole installation, so there are no walls."""

from typing import Final

from sqlalchemy import Column, DateTime, Table, Text

from adapters.persistence.metadata import metadata

provider_troubles: Final = Table(
    "provider_troubles",
    metadata,
    Column("gateway", Text, primary_key=True),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("met_at", DateTime(timezone=True), nullable=False),
)
