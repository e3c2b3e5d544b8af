"""What is meant for a child reaches those who answer for it. (NOTI-14)"""

from uuid import UUID

import pytest

from application.notification.notify import NotifyOnEvent
from domain.booking.events import BookingConfirmed
from domain.identity.events import VerificationRequested
from domain.identity.guardianship import ALL_RIGHTS, Guardianship, GuardianshipStatus, Right
from domain.ids import GuardianshipId, UserId
from domain.notification.delivery import Channel
from fakes.clock import NOON, FixedClock
from fakes.identity import a_user
from fakes.news import EVENT, LEARNER, QARI, an_event
from fakes.notification import RecordingWakeup
from fakes.unit import MemoryStore, MemoryUnit

MOTHER, UNCLE = UserId(UUID(int=41)), UserId(UUID(int=42))


async def told(email: str | None, *guardianships: Guardianship, event: object = None) -> set[UserId | None]:
    store = MemoryStore()
    async with MemoryUnit(store) as unit:
        await unit.users.add(a_user(id=LEARNER, email=email))
        for guardianship in guardianships:
            await unit.guardianships.add(guardianship)
        await unit.commit()
    happened = event or an_event(BookingConfirmed, payer_id=MOTHER)
    await NotifyOnEvent(lambda: MemoryUnit(store), FixedClock(NOON), RecordingWakeup(), False)(EVENT, happened)  # type: ignore[arg-type]
    return {d.recipient_id for d in store.shelf("deliveries").values() if d.channel is Channel.EMAIL}


def answers(guardian: UserId, *rights: Right, status: GuardianshipStatus = GuardianshipStatus.ACTIVE) -> Guardianship:
    return Guardianship(
        id=GuardianshipId(UUID(int=500 + guardian.int)),
        guardian_id=guardian,
        child_id=LEARNER,
        rights=frozenset(rights) or ALL_RIGHTS,
        of_record=not rights,
        status=status,
        created_by=guardian,
        created_at=NOON,
    )


async def test_a_child_without_an_address_is_told_through_its_guardians() -> None:
    assert await told(None, answers(MOTHER), answers(UNCLE, Right.SEE)) == {MOTHER, UNCLE, QARI}


async def test_a_child_with_an_address_hears_it_as_well() -> None:
    assert await told("amina@example.org", answers(MOTHER)) == {MOTHER, LEARNER, QARI}


@pytest.mark.parametrize(
    "guardianship",
    [
        answers(UNCLE, Right.PAY),
        answers(UNCLE, status=GuardianshipStatus.REVOKED),
        answers(UNCLE, status=GuardianshipStatus.PENDING),
    ],
)
async def test_whoever_may_not_see_the_child_hears_nothing(guardianship: Guardianship) -> None:  # SAFE-04
    assert UNCLE not in await told("amina@example.org", answers(MOTHER), guardianship)


async def test_a_link_to_prove_an_address_goes_to_that_address_alone() -> None:
    assert await told("amina@example.org", answers(MOTHER), event=an_event(VerificationRequested)) == {LEARNER}
