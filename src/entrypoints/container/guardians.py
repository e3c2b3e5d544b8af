"""Children, those who answer for them, and what keeps them safe."""

from typing import Any

from dependency_injector import containers, providers

from adapters.persistence.identity.guardians import SqlGuardianQueries
from adapters.persistence.onboarding.safety import SqlSafetyQueries
from application.identity.children import AddChild, ChangeChild, GiveChildAddress, SetMatchWish
from application.identity.correct_birth_date import CorrectBirthDate
from application.identity.guardians import (
    AcceptGuardianship,
    EndGuardianship,
    InviteGuardian,
    LinkGuardian,
    SetGuardianRights,
)
from application.identity.hand_over import HandOverAtMajority
from application.identity.see_family import SeeChild, SeeChildren, SeeGuardians
from application.onboarding.clearances import RecordClearance, SeeClearances, SeeQariClearances, WithdrawClearance
from application.onboarding.consents import AcceptConsent, SeeConsents


class GuardiansContainer(containers.DeclarativeContainer):
    new_unit: providers.Dependency[Any] = providers.Dependency()
    clock: providers.Dependency[Any] = providers.Dependency()
    new_id: providers.Dependency[Any] = providers.Dependency()
    engine: providers.Dependency[Any] = providers.Dependency()
    session_cache: providers.Dependency[Any] = providers.Dependency()

    guardian_queries = providers.Singleton(SqlGuardianQueries, engine)
    safety_queries = providers.Singleton(SqlSafetyQueries, engine)

    add_child = providers.Singleton(AddChild, new_unit, clock, new_id)
    change_child = providers.Singleton(ChangeChild, new_unit)
    give_child_address = providers.Singleton(GiveChildAddress, new_unit, clock)
    set_match_wish = providers.Singleton(SetMatchWish, new_unit)
    invite_guardian = providers.Singleton(InviteGuardian, new_unit, clock, new_id)
    accept_guardianship = providers.Singleton(AcceptGuardianship, new_unit, clock, session_cache)
    set_guardian_rights = providers.Singleton(SetGuardianRights, new_unit)
    end_guardianship = providers.Singleton(EndGuardianship, new_unit, clock)
    correct_birth_date = providers.Singleton(CorrectBirthDate, new_unit, clock)
    link_guardian = providers.Singleton(LinkGuardian, new_unit, clock, new_id, session_cache)
    hand_over_at_majority = providers.Singleton(HandOverAtMajority, new_unit, clock)
    see_children = providers.Singleton(SeeChildren, guardian_queries)
    see_child = providers.Singleton(SeeChild, guardian_queries)
    see_guardians = providers.Singleton(SeeGuardians, new_unit, guardian_queries)

    record_clearance = providers.Singleton(RecordClearance, new_unit, clock, new_id)
    withdraw_clearance = providers.Singleton(WithdrawClearance, new_unit, clock)
    see_clearances = providers.Singleton(SeeClearances, new_unit, clock, safety_queries)
    see_qari_clearances = providers.Singleton(SeeQariClearances, new_unit, clock)
    see_consents = providers.Singleton(SeeConsents, new_unit, clock)
    accept_consent = providers.Singleton(AcceptConsent, new_unit, clock)
