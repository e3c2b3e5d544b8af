"""Children and those who answer for them: their guardians' side, and the office's."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post, put
from litestar.params import FromPath, JSONBody

from adapters.http.given import NamedDependency
from adapters.http.idempotency import Once
from adapters.http.requests import Req
from application.identity.children import (
    AddChild,
    ChangeChild,
    ChildChanges,
    ChildFacts,
    GiveChildAddress,
    SetMatchWish,
)
from application.identity.guardians import (
    AcceptGuardianship,
    EndGuardianship,
    InviteGuardian,
    Link,
    LinkGuardian,
    SetGuardianRights,
)
from application.identity.see_family import Child, SeeChild, SeeChildren, SeeGuardians
from domain.booking.rules import MatchWish
from domain.identity.guardianship import ALL_RIGHTS, Guardianship, GuardianshipStatus, Right
from domain.identity.permission import Permission
from domain.ids import GuardianshipId, UserId
from domain.scheduling.qari import Gender
from ports.identity.guardians import GuardianView, WardView

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Zone = Annotated[str, msgspec.Meta(max_length=64)]
Language = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2,3}$")]
Languages = Annotated[list[Language], msgspec.Meta(max_length=8)]
Address = Annotated[str, msgspec.Meta(min_length=3, max_length=254)]
Rights = Annotated[list[Right], msgspec.Meta(min_length=1, max_length=len(Right))]
Reason = Annotated[str, msgspec.Meta(max_length=500)]


class WishIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Qaris of another gender, and those who speak none of ``languages``, are refused for this learner."""

    qari_gender: Gender | None = None
    languages: Languages = []

    def wish(self) -> MatchWish:
        return MatchWish(qari_gender=self.qari_gender, languages=tuple(self.languages))


class ChildIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """``zone``: the guardian's where it is left out."""

    name: Name
    birth_date: date
    gender: Gender
    zone: Zone = ""
    wish: WishIn = msgspec.field(default_factory=WishIn)


class ChildChangesIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: Name
    gender: Gender
    zone: Zone
    wish: WishIn = msgspec.field(default_factory=WishIn)


class AddressIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    email: Address


class InviteGuardianIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    email: Address
    rights: Rights = msgspec.field(default_factory=lambda: sorted(ALL_RIGHTS))


class RightsIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    rights: Rights


class LinkIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A guardian ``of_record`` has all rights."""

    guardian_id: UUID
    child_id: UUID
    rights: Rights = msgspec.field(default_factory=lambda: sorted(ALL_RIGHTS))
    of_record: bool = False
    reason: Reason


class EndIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    reason: Reason = ""


class AskedOut(msgspec.Struct, kw_only=True):
    """The same for every address: whether it is anybody's is not told."""

    status: Literal["asked"] = "asked"


class WishOut(msgspec.Struct, kw_only=True):
    qari_gender: Gender | None
    languages: list[str]


class WardOut(msgspec.Struct, kw_only=True):
    """``status`` pending: the caller is asked to become a guardian."""

    id: UUID
    guardianship_id: UUID
    name: str
    zone: str
    birth_date: date | None
    gender: Gender | None
    wish: WishOut
    rights: list[Right]
    of_record: bool
    status: GuardianshipStatus
    signs_in: bool

    @classmethod
    def of(cls, ward: WardView) -> Self:
        asked = ward.status is GuardianshipStatus.PENDING
        return cls(
            id=ward.child_id,
            guardianship_id=ward.guardianship_id,
            name=ward.name,
            zone=ward.zone,
            birth_date=None if asked else ward.birth_date,
            gender=None if asked else ward.gender,
            wish=WishOut(qari_gender=ward.wish.qari_gender, languages=list(ward.wish.languages)),
            rights=list(ward.rights),
            of_record=ward.of_record,
            status=ward.status,
            signs_in=ward.has_address,
        )


class WardsOut(msgspec.Struct, kw_only=True):
    items: list[WardOut]


class GuardianOut(msgspec.Struct, kw_only=True):
    """A name and no more: no address, no number. (SAFE-06)"""

    guardianship_id: UUID
    id: UUID
    name: str
    rights: list[Right]
    of_record: bool
    status: GuardianshipStatus

    @classmethod
    def of(cls, view: GuardianView) -> Self:
        return cls(
            guardianship_id=view.guardianship_id,
            id=view.guardian_id,
            name=view.name,
            rights=list(view.rights),
            of_record=view.of_record,
            status=view.status,
        )


class GuardiansOut(msgspec.Struct, kw_only=True):
    items: list[GuardianOut]


class ChildOut(msgspec.Struct, kw_only=True):
    child: WardOut
    guardians: list[GuardianOut]

    @classmethod
    def of(cls, child: Child) -> Self:
        return cls(child=WardOut.of(child.ward), guardians=[GuardianOut.of(one) for one in child.guardians])


class GuardianshipOut(msgspec.Struct, kw_only=True):
    id: UUID
    guardian_id: UUID
    child_id: UUID
    rights: list[Right]
    of_record: bool
    status: GuardianshipStatus

    @classmethod
    def of(cls, guardianship: Guardianship) -> Self:
        return cls(
            id=guardianship.id,
            guardian_id=guardianship.guardian_id,
            child_id=guardianship.child_id,
            rights=sorted(guardianship.rights),
            of_record=guardianship.of_record,
            status=guardianship.status,
        )


class ChildController(Controller):
    path = "/api/v1/children"
    tags = ("children",)

    @get("/", needs=Permission.SEE_OWN_BOOKINGS, summary="My children")
    async def mine(self, request: Req, see_children: NamedDependency[SeeChildren]) -> WardsOut:
        """Whom I answer for, and whom I am asked to answer for."""
        return WardsOut(items=[WardOut.of(ward) for ward in await see_children(request.user)])

    @post("/", needs=Permission.MANAGE_CHILDREN, summary="Add a child")
    async def add(
        self,
        request: Req,
        data: JSONBody[ChildIn],
        add_child: NamedDependency[AddChild],
        once: NamedDependency[Once],
    ) -> Response[GuardianshipOut]:
        """The caller becomes the guardian of record. Takes an ``Idempotency-Key``."""
        facts = ChildFacts(
            name=data.name, birth_date=data.birth_date, gender=data.gender, zone=data.zone, wish=data.wish.wish()
        )

        async def work(effect: UUID) -> GuardianshipOut:
            return GuardianshipOut.of(await add_child(request.user, facts, child_id=UserId(effect)))

        return await once(request, work, status_code=201)

    @get("/{child_id:uuid}", needs=Permission.SEE_OWN_BOOKINGS, summary="One child")
    async def one(self, request: Req, child_id: FromPath[UUID], see_child: NamedDependency[SeeChild]) -> ChildOut:
        return ChildOut.of(await see_child(request.user, UserId(child_id)))

    @put("/{child_id:uuid}", needs=Permission.MANAGE_CHILDREN, status_code=204, summary="Change a child's facts")
    async def change(
        self,
        request: Req,
        child_id: FromPath[UUID],
        data: JSONBody[ChildChangesIn],
        change_child: NamedDependency[ChangeChild],
    ) -> None:
        """By the guardian of record. A birth date is changed by the school alone."""
        changes = ChildChanges(name=data.name, gender=data.gender, zone=data.zone, wish=data.wish.wish())
        await change_child(request.user, UserId(child_id), changes)

    @post("/{child_id:uuid}/address", needs=Permission.MANAGE_CHILDREN, status_code=204, summary="Let a child sign in")
    async def address(
        self,
        request: Req,
        child_id: FromPath[UUID],
        data: JSONBody[AddressIn],
        give_child_address: NamedDependency[GiveChildAddress],
    ) -> None:
        """A link to choose a password goes to the address."""
        await give_child_address(request.user, UserId(child_id), data.email)

    @post("/{child_id:uuid}/guardians", needs=Permission.SEE_OWN_BOOKINGS, status_code=202, summary="Ask a guardian")
    async def invite(
        self,
        request: Req,
        child_id: FromPath[UUID],
        data: JSONBody[InviteGuardianIn],
        invite_guardian: NamedDependency[InviteGuardian],
    ) -> AskedOut:
        """By the guardian of record, or by a minor who has none yet, for himself."""
        await invite_guardian(request.user, UserId(child_id), data.email, frozenset(data.rights))
        return AskedOut()


class GuardianshipController(Controller):
    path = "/api/v1/guardianships"
    tags = ("children",)

    @get("/", needs=Permission.SEE_OWN_BOOKINGS, summary="Who answers for me")
    async def mine(self, request: Req, see_guardians: NamedDependency[SeeGuardians]) -> GuardiansOut:
        return GuardiansOut(items=[GuardianOut.of(one) for one in await see_guardians(request.user)])

    @post("/{guardianship_id:uuid}/accept", needs=Permission.SEE_OWN_BOOKINGS, status_code=200, summary="Accept")
    async def accept(
        self,
        request: Req,
        guardianship_id: FromPath[UUID],
        accept_guardianship: NamedDependency[AcceptGuardianship],
    ) -> GuardianshipOut:
        return GuardianshipOut.of(await accept_guardianship(request.user, GuardianshipId(guardianship_id)))

    @put("/{guardianship_id:uuid}/rights", needs=Permission.MANAGE_CHILDREN, summary="Set rights")
    async def rights(
        self,
        request: Req,
        guardianship_id: FromPath[UUID],
        data: JSONBody[RightsIn],
        set_guardian_rights: NamedDependency[SetGuardianRights],
    ) -> GuardianshipOut:
        """By the guardian of record."""
        changed = await set_guardian_rights(request.user, GuardianshipId(guardianship_id), frozenset(data.rights))
        return GuardianshipOut.of(changed)

    @post("/{guardianship_id:uuid}/end", needs=Permission.SEE_OWN_BOOKINGS, status_code=200, summary="End")
    async def end(
        self, request: Req, guardianship_id: FromPath[UUID], end_guardianship: NamedDependency[EndGuardianship]
    ) -> GuardianshipOut:
        """One's own, or as the guardian of record anybody else's. A minor keeps a guardian of record."""
        return GuardianshipOut.of(await end_guardianship(request.user, GuardianshipId(guardianship_id)))


class MatchController(Controller):
    path = "/api/v1/me/match"
    tags = ("children",)

    @put("/", needs=Permission.SEE_OWN_BOOKINGS, status_code=204, summary="What I insist on")
    async def wish(self, request: Req, data: JSONBody[WishIn], set_match_wish: NamedDependency[SetMatchWish]) -> None:
        await set_match_wish(request.user, data.wish())


class StaffGuardianshipController(Controller):
    path = "/api/v1/staff/guardianships"
    tags = ("people",)

    @get("/{child_id:uuid}", needs=Permission.SEE_PEOPLE, summary="Who answers for a child")
    async def of_child(
        self, request: Req, child_id: FromPath[UUID], see_guardians: NamedDependency[SeeGuardians]
    ) -> GuardiansOut:
        found = await see_guardians(request.user, UserId(child_id))
        return GuardiansOut(items=[GuardianOut.of(one) for one in found])

    @post("/", needs=Permission.MANAGE_PEOPLE, summary="Link a guardian")
    async def link(
        self, request: Req, data: JSONBody[LinkIn], link_guardian: NamedDependency[LinkGuardian]
    ) -> GuardianshipOut:
        link = Link(
            guardian_id=UserId(data.guardian_id),
            child_id=UserId(data.child_id),
            rights=frozenset(data.rights),
            of_record=data.of_record,
        )
        return GuardianshipOut.of(await link_guardian(request.user, link, data.reason))

    @post("/{guardianship_id:uuid}/end", needs=Permission.MANAGE_PEOPLE, status_code=200, summary="End")
    async def end(
        self,
        request: Req,
        guardianship_id: FromPath[UUID],
        data: JSONBody[EndIn],
        end_guardianship: NamedDependency[EndGuardianship],
    ) -> GuardianshipOut:
        return GuardianshipOut.of(await end_guardianship(request.user, GuardianshipId(guardianship_id), data.reason))


CONTROLLERS_MAIN = (ChildController, GuardianshipController, MatchController)
CONTROLLERS_ADMIN = (StaffGuardianshipController,)
