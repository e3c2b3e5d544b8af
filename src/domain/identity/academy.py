"""A school of this installation, and the host names it answers to. (ADM-10)

The first academy answers to whatever the settings name; the others are told apart by their host names alone. Each has
its own people, lessons, money and rules, and knows nothing of the others.
"""

import re
from datetime import datetime
from typing import Final

import msgspec

from domain.errors import Conflict, Invalid
from domain.identity.permission import Audience
from domain.ids import AcademyId

LONGEST_NAME: Final = 120
MOST_HOSTS: Final = 20
_HOST: Final = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class HostTaken(Conflict):
    code = "host_taken"


class Host(msgspec.Struct, frozen=True, order=True):
    """A host name, and the door that is behind it. The first one of a door is what links lead to."""

    name: str
    door: Audience


class Academy(msgspec.Struct, frozen=True, kw_only=True):
    id: AcademyId
    name: str
    hosts: tuple[Host, ...] = ()
    created_at: datetime
    version: int = 1

    def renamed(self, name: str) -> "Academy":
        """Raises Invalid."""
        return msgspec.structs.replace(self, name=academy_name(name), version=self.version + 1)

    def serving(self, hosts: tuple[Host, ...]) -> "Academy":
        """Raises Invalid for a name given twice at one door."""
        if len(set(hosts)) != len(hosts) or len(hosts) > MOST_HOSTS:
            raise Invalid("name each host once, and no more than {most}", field="hosts", most=MOST_HOSTS)
        return msgspec.structs.replace(self, hosts=hosts, version=self.version + 1)

    def first_host(self, door: Audience) -> str | None:
        return next((host.name for host in self.hosts if host.door is door), None)


def academy_name(text: str) -> str:
    """Raises Invalid."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid("a name has one to {most} letters", field="name", most=LONGEST_NAME)
    return name


def host_name(text: str) -> str:
    """In small ASCII letters, as browsers send it (``xn--…`` for others), without a port. Raises Invalid."""
    try:
        name = text.strip().rstrip(".").lower().encode("idna").decode()
    except UnicodeError:
        name = ""
    if _HOST.fullmatch(name) is None:
        raise Invalid("a host name looks like school.example.org", field="host")
    return name
