"""Who on the staff may change whose account. (ID-09, ID-11)"""

from collections.abc import Collection

from domain.errors import Conflict, Invalid, NotPermitted
from domain.identity.actor import Actor
from domain.identity.permission import GRANTS, Audience, Role
from domain.identity.user import User
from domain.ids import UserId

LONGEST_REASON = 500


class LastOwner(Conflict):
    """A school without an owner could not be put right from inside."""

    code = "last_owner"


def require_reason(text: str) -> str:
    """Trimmed. Raises Invalid."""
    reason = " ".join(text.split())
    if not 3 <= len(reason) <= LONGEST_REASON:
        raise Invalid("say why, in a few words", field="reason")
    return reason


def require_above(actor: Actor, user: User) -> None:
    """Nobody changes his own rights, and only an owner touches an owner. Raises NotPermitted."""
    if user.id == actor.user_id:
        raise NotPermitted("nobody does this to his own account")
    if Role.OWNER in user.roles and actor.role is not Role.OWNER:
        raise NotPermitted("only an owner changes the account of an owner")


def require_grantable(actor: Actor, user: User, roles: Collection[Role]) -> None:
    """Raises NotPermitted, Invalid."""
    require_above(actor, user)
    if not roles:
        raise Invalid("an account has at least one role", field="roles")
    if Role.OWNER in roles and actor.role is not Role.OWNER:
        raise NotPermitted("only an owner makes an owner")


def require_another_owner(user: User, owners: Collection[UserId]) -> None:
    """``owners``: those who can sign in. Raises LastOwner."""
    if Role.OWNER in user.roles and not set(owners) - {user.id}:
        raise LastOwner("this is the last owner of the school; make another one first")


def is_staff(user: User) -> bool:
    return any(role in GRANTS[Audience.ADMIN] for role in user.roles)
