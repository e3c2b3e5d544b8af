"""The looks of a school: read for every page, changed from the office. (ADM-06)"""

import hashlib
from datetime import datetime, timedelta
from typing import Final

import msgspec

from application.oversight.settings import Edition, checked, current, publish
from domain.identity.actor import Actor
from domain.identity.permission import Permission
from domain.ids import AcademyId
from domain.oversight.branding import BRANDING, Branding, logo_type
from ports.academy import current_academy
from ports.clock import Clock
from ports.oversight.repositories import BrandImage
from ports.unit_of_work import NewUnit

FRESH_FOR: Final = timedelta(seconds=5)
"""For so long a process shows the looks it has read: pages are many, changes are few, and nothing depends on them."""


class Brand(msgspec.Struct, frozen=True):
    version: int
    branding: Branding


class SeeBrand:
    """Of the academy at hand. One read in a while for all pages of a process; ``fresh`` for who has just changed it."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock
        self._read: dict[AcademyId, tuple[datetime, Brand]] = {}

    async def __call__(self, *, fresh: bool = False) -> Brand:
        academy, now = current_academy(), self._clock.now()
        if not fresh and academy in self._read and now - self._read[academy][0] < FRESH_FOR:
            return self._read[academy][1]
        async with self._new_unit() as unit:
            edition = await current(unit, BRANDING, now)
        assert isinstance(edition.value, Branding)  # noqa: S101 - that is what this kind holds
        brand = Brand(edition.version, edition.value)
        self._read[academy] = (now, brand)
        return brand


class SeeLogo:
    """The picture in use, or None. ``wanted``: the beginning of its digest, where somebody knows of a newer one."""

    def __init__(self, new_unit: NewUnit, see_brand: SeeBrand) -> None:
        self._new_unit, self._see_brand = new_unit, see_brand

    async def __call__(self, wanted: str = "") -> BrandImage | None:
        digest = (await self._see_brand()).branding.logo
        if wanted and not digest.startswith(wanted):
            digest = (await self._see_brand(fresh=True)).branding.logo
        if not digest:
            return None
        async with self._new_unit() as unit:
            return await unit.brand_images.find(digest)


class SetLogo:
    """A new picture is a new version of the looks. Raises NotPermitted, Invalid, StaleWrite, Conflict."""

    def __init__(self, new_unit: NewUnit, clock: Clock) -> None:
        self._new_unit, self._clock = new_unit, clock

    async def __call__(self, actor: Actor, content: bytes, *, based_on: int, reason: str) -> Edition:
        actor.require(Permission.SET_POLICIES)
        now = self._clock.now()
        media_type = logo_type(content) if content else ""
        digest = hashlib.sha256(content).hexdigest() if content else ""
        async with self._new_unit() as unit:
            if content:
                image = BrandImage(digest=digest, media_type=media_type, content=content, created_at=now)
                await unit.brand_images.add(image)
            before = await current(unit, BRANDING, now)
            value = checked(BRANDING, msgspec.structs.asdict(before.value) | {"logo": digest})
            edition = await publish(unit, actor, before, value, based_on=based_on, reason=reason, now=now)
            await unit.commit()
        return edition
