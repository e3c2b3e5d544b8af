"""What notification keeps about readers."""

from typing import Final

from adapters.persistence.notification.reach_tables import dead_addresses, push_browsers
from adapters.persistence.notification.tables import deliveries, feeds, preferences, steps
from adapters.persistence.notification.whatsapp_tables import whatsapp_consents, whatsapp_contacts
from adapters.persistence.outbox_tables import outbox_events
from adapters.persistence.personal_rows import PersonalRows

PERSONAL: Final = (
    PersonalRows(table=deliveries, about=("recipient_id",), secret=frozenset({"key"})),
    PersonalRows(table=feeds, about=("user_id",)),
    PersonalRows(table=preferences, about=("user_id",)),
    PersonalRows(table=steps, about=("user_id",)),
    PersonalRows(table=push_browsers, about=("user_id",), secret=frozenset({"fingerprint", "sealed"})),
    PersonalRows(table=dead_addresses, about=("user_id",)),
    PersonalRows(table=whatsapp_contacts, about=("user_id",)),
    PersonalRows(table=whatsapp_consents, about=("user_id",)),
    PersonalRows(table=outbox_events, matching="payload->>'user_id' = :name", copied=False),
)
