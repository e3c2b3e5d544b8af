"""Applications: from the first draft to the decision; documents, placement, trials."""

from typing import Any

from dependency_injector import containers, providers

from adapters.persistence.onboarding.queries import SqlOnboardingQueries
from adapters.storage.disk import DiskFiles
from adapters.storage.object_store import ObjectStoreFiles
from adapters.storage.scan import CommandScanner, NoScanner
from adapters.storage.sniff import MagicSniffer
from application.onboarding.apply_for_role import ApplyForRole
from application.onboarding.documents import AttachDocument, ReadDocument, ReadOwnDocument, RemoveDocument
from application.onboarding.own_application import SaveDraft, SeeOwnApplication
from application.onboarding.review import ApproveApplication, ClaimApplication, RejectApplication, ReleaseApplication
from application.onboarding.see_applications import ListApplications, RevealNationalId, SeeApplication
from application.onboarding.submit import SubmitApplication, TakeBack
from application.onboarding.trials import ConvertTrial, JudgeTrial, SeePlacement, SeeTrial
from entrypoints.settings import Settings
from ports.files import FileStore, Scanner


def files_of(settings: Settings) -> FileStore:
    if settings.storage == "disk":
        return DiskFiles(settings.files)
    return ObjectStoreFiles(
        bucket=settings.s3_bucket,
        region=settings.s3_region,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key,
        endpoint=settings.s3_endpoint,
    )


def scanner_of(settings: Settings) -> Scanner:
    return CommandScanner(settings.scan_command) if settings.scan_command else NoScanner()


class OnboardingContainer(containers.DeclarativeContainer):
    settings: providers.Dependency[Settings] = providers.Dependency()
    new_unit: providers.Dependency[Any] = providers.Dependency()
    clock: providers.Dependency[Any] = providers.Dependency()
    new_id: providers.Dependency[Any] = providers.Dependency()
    engine: providers.Dependency[Any] = providers.Dependency()
    cipher: providers.Dependency[Any] = providers.Dependency()
    session_cache: providers.Dependency[Any] = providers.Dependency()
    hold_series: providers.Dependency[Any] = providers.Dependency()

    files = providers.Singleton(files_of, settings)
    scanner = providers.Singleton(scanner_of, settings)
    type_sniffer = providers.Singleton(MagicSniffer)
    onboarding_queries = providers.Singleton(SqlOnboardingQueries, engine)

    see_own_application = providers.Factory(SeeOwnApplication, new_unit, clock, new_id)
    save_draft = providers.Factory(SaveDraft, new_unit, clock, new_id, cipher, session_cache)
    submit_application = providers.Factory(SubmitApplication, new_unit, clock, session_cache)
    take_back = providers.Factory(TakeBack, new_unit, clock, session_cache)
    apply_for_role = providers.Factory(ApplyForRole, new_unit, clock, session_cache)
    attach_document = providers.Factory(AttachDocument, new_unit, clock, new_id, files, type_sniffer, scanner)
    remove_document = providers.Factory(RemoveDocument, new_unit, clock, files)
    read_own_document = providers.Factory(ReadOwnDocument, new_unit, files)

    list_applications = providers.Factory(ListApplications, onboarding_queries)
    see_application = providers.Factory(SeeApplication, new_unit, onboarding_queries)
    claim_application = providers.Factory(ClaimApplication, new_unit, clock)
    release_application = providers.Factory(ReleaseApplication, new_unit)
    approve_application = providers.Factory(ApproveApplication, new_unit, clock, session_cache)
    reject_application = providers.Factory(RejectApplication, new_unit, clock, session_cache)
    read_document = providers.Factory(ReadDocument, new_unit, files)
    reveal_national_id = providers.Factory(RevealNationalId, new_unit, cipher)

    judge_trial = providers.Factory(JudgeTrial, new_unit, clock)
    see_trial = providers.Factory(SeeTrial, new_unit, clock)
    convert_trial = providers.Factory(ConvertTrial, new_unit, clock, hold_series)
    see_placement = providers.Factory(SeePlacement, new_unit)
