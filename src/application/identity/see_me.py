"""Who am I, and what may I do here. (ID-06)"""

import msgspec

from domain.identity.actor import Actor
from domain.identity.permission import Permission, Role
from domain.identity.user import Onboarding
from domain.ids import UserId
from ports.identity.queries import SignedIn


class Me(msgspec.Struct, frozen=True, kw_only=True):
    user_id: UserId
    name: str
    email: str
    email_verified: bool
    role: Role
    roles: tuple[Role, ...]
    permissions: tuple[Permission, ...]
    onboarding: Onboarding
    zone: str
    locale: str


def see_me(actor: Actor, person: SignedIn) -> Me:
    """All of it is known from the session read that every request makes. Raises NotPermitted."""
    actor.require(Permission.SIGNED_IN)
    return Me(
        user_id=person.user_id,
        name=person.name,
        email=person.email,
        email_verified=person.email_verified,
        role=person.role,
        roles=person.roles,
        permissions=tuple(sorted(actor.permissions)),
        onboarding=person.onboarding,
        zone=person.zone,
        locale=person.locale,
    )
