"""The demo accounts that are printed at the start and named in the README."""

from typing import Final

import msgspec

PASSWORD: Final = "bismillah-114"  # noqa: S105 - of the demo school, printed at every start


class DemoAccount(msgspec.Struct, frozen=True):
    door: str
    email: str
    who: str


STUDENT: Final = DemoAccount("main", "student@demo.example", "Maryam, a student in London")
GUARDIAN: Final = DemoAccount("main", "guardian@demo.example", "Khadija in London, guardian of two children")
QARI: Final = DemoAccount("main", "qari@demo.example", "Qari Abdullah in Lahore, instant booking")
QARIA: Final = DemoAccount("main", "qaria@demo.example", "Qaria Safiya in Casablanca, approves requests")
ADMIN: Final = DemoAccount("admin", "admin@demo.example", "the school's admin")
FINANCE: Final = DemoAccount("admin", "finance@demo.example", "finance: sees all, refunds")
SUPPORT: Final = DemoAccount("admin", "support@demo.example", "support: sees all, changes nothing")
LEAD: Final = DemoAccount("admin", "lead@demo.example", "teaching lead: lessons and people")

ACCOUNTS: Final = (STUDENT, GUARDIAN, QARI, QARIA, ADMIN, FINANCE, SUPPORT, LEAD)
