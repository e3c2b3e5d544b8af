"""For whom somebody looks for a Qari, and what that leaves out of the list. (DISC-01, DISC-12)"""

from collections.abc import Hashable
from uuid import UUID

import msgspec

from adapters.http.requests import Req, viewer_of
from adapters.http.text import _
from adapters.http.words import language_names
from application.booking.learner_search import LearnerSearch, Seeker
from application.identity.see_family import SeeChildren
from domain.booking.needs import Needs
from domain.identity.actor import Actor
from domain.identity.guardianship import GuardianshipStatus
from domain.identity.permission import Role
from domain.ids import UserId
from domain.scheduling.qari import Gender
from ports.identity.guardians import WardView


class Seeking(msgspec.Struct, frozen=True, kw_only=True):
    """``conditions`` say why a Qari is not in the list. ``start``: filters from the learner's placement. ``asked``:
    what of this stands in the address; ``asked_for`` the same without the wish to see everyone.
    """

    children: list[tuple[str, str]] = []
    child: str = ""
    name: str = ""
    everyone: bool = False
    needs: Needs | None = None
    conditions: list[str] = []
    start: dict[str, str] = {}

    @property
    def frozen(self) -> Hashable:
        """All of it, to be remembered by."""
        return (
            tuple(self.children), self.child, self.name, self.everyone, self.needs, tuple(self.conditions),
            tuple(self.start.items()),
        )  # fmt: skip

    @property
    def asked_for(self) -> dict[str, str]:
        return {"for": self.child} if self.child else {}

    @property
    def asked(self) -> dict[str, str]:
        return self.asked_for | ({"everyone": "1"} if self.everyone else {})


async def seeking_for(request: Req, learner_search: LearnerSearch, see_children: SeeChildren) -> Seeking:
    """A student looks for himself, a guardian for the child he names, or for his only one."""
    actor = request.scope.get("user")
    if not isinstance(actor, Actor) or actor.role not in (Role.STUDENT, Role.GUARDIAN):
        return Seeking()
    everyone = request.query_params.get("everyone") == "1"
    if actor.role is Role.STUDENT:
        return _seeking(request, await learner_search(actor), everyone=everyone)
    wards = [ward for ward in await see_children(actor) if ward.status is GuardianshipStatus.ACTIVE]
    children = [(str(ward.child_id), ward.name) for ward in wards]
    ward = _named(wards, request.query_params.get("for", ""))
    if ward is None:
        return Seeking(children=children, everyone=everyone)
    seeker = await learner_search(actor, ward.child_id)
    found = _seeking(request, seeker, everyone=everyone)
    return msgspec.structs.replace(found, children=children, child=str(ward.child_id), name=ward.name)


def _named(wards: list[WardView], wanted: str) -> WardView | None:
    """A child that is not his is nobody, as a word in an address is."""
    try:
        child_id = UserId(UUID(wanted))
    except ValueError:
        return wards[0] if len(wards) == 1 else None
    return next((ward for ward in wards if ward.child_id == child_id), None)


def _seeking(request: Req, seeker: Seeker, *, everyone: bool) -> Seeking:
    start = {}
    if seeker.placement is not None:
        start["level"] = seeker.placement.level.value
        if seeker.placement.goals:
            start["subject"] = seeker.placement.goals[0].value
    conditions = _conditions(seeker.needs, viewer_of(request).locale)
    needs = None if everyone else seeker.needs
    return Seeking(everyone=everyone, needs=needs, conditions=conditions, start=start)


def _conditions(needs: Needs, lang: str) -> list[str]:
    told = []
    if needs.qari_genders == ():
        told.append(_("nobody, because what is wished for is not what the school allows"))
    elif needs.qari_genders is not None:
        told.append(_("women") if needs.qari_genders == (Gender.FEMALE,) else _("men"))
    if needs.languages:
        told.append(_("speaking {languages}", languages=_(" or ").join(language_names(needs.languages, lang))))
    if needs.learner_gender is Gender.FEMALE:
        told.append(_("teaching women and girls"))
    elif needs.learner_gender is Gender.MALE:
        told.append(_("teaching men and boys"))
    if needs.clearances:
        told.append(_("cleared by the school for lessons with children"))
    return told
