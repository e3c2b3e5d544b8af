"""What is done about accounts: by their owners, by staff, by another system, by time."""

from typing import Any

from dependency_injector import containers, providers

from adapters.identity_notices import IdentityNotices
from application.identity.block_account import BlockAccount, UnblockAccount
from application.identity.change_email import ChangeEmail, ConfirmEmail
from application.identity.change_password import ChangePassword
from application.identity.change_roles import ChangeRoles
from application.identity.erase_person import (
    DROP_FILES,
    CallOffErasure,
    DropFiles,
    EraseDue,
    ScheduleErasure,
    SeeErasure,
)
from application.identity.export_person import BuildExports, FetchExport, RequestExport, SeeExport
from application.identity.impersonate import AskImpersonation, EnterImpersonation, LeaveImpersonation, NoteRunOut
from application.identity.invite import EnsureAccount, Invite
from application.identity.request_reset import ANSWER_RESET, AnswerReset, RequestReset
from application.identity.reset_password import ResetPassword
from application.identity.retention import ApplyRetention
from application.identity.sync_external_user import SyncExternalUser
from application.identity.tighten import END_WEAK_SESSIONS, EndWeakSessions
from application.identity.update_profile import SeeAccount, UpdateProfile
from entrypoints.settings import Settings


class AccountsContainer(containers.DeclarativeContainer):
    settings: providers.Dependency[Settings] = providers.Dependency()
    new_unit: providers.Dependency[Any] = providers.Dependency()
    clock: providers.Dependency[Any] = providers.Dependency()
    new_id: providers.Dependency[Any] = providers.Dependency()
    hasher: providers.Dependency[Any] = providers.Dependency()
    throttle: providers.Dependency[Any] = providers.Dependency()
    session_cache: providers.Dependency[Any] = providers.Dependency()
    open_session: providers.Dependency[Any] = providers.Dependency()
    confirm_self: providers.Dependency[Any] = providers.Dependency()
    idempotency_store: providers.Dependency[Any] = providers.Dependency()
    files: providers.Dependency[Any] = providers.Dependency()

    block_account = providers.Factory(BlockAccount, new_unit, clock, session_cache)
    unblock_account = providers.Factory(UnblockAccount, new_unit, clock, session_cache)
    change_roles = providers.Factory(ChangeRoles, new_unit, clock, session_cache)
    ensure_account = providers.Factory(EnsureAccount, new_unit, clock, new_id, settings.provided.school_zone)
    invite = providers.Factory(Invite, new_unit, clock, ensure_account)
    ask_impersonation = providers.Factory(AskImpersonation, new_unit, clock)
    enter_impersonation = providers.Factory(EnterImpersonation, new_unit, clock, open_session)
    leave_impersonation = providers.Factory(LeaveImpersonation, new_unit, clock, session_cache)

    request_reset = providers.Factory(RequestReset, new_unit, clock, throttle)
    answer_reset = providers.Factory(AnswerReset, new_unit)
    reset_password = providers.Factory(ResetPassword, new_unit, clock, hasher, session_cache)
    change_password = providers.Factory(ChangePassword, new_unit, clock, hasher, confirm_self, session_cache)
    change_email = providers.Factory(ChangeEmail, new_unit, clock, confirm_self, throttle)
    confirm_email = providers.Factory(ConfirmEmail, new_unit, clock, session_cache)
    see_account = providers.Factory(SeeAccount, new_unit)
    update_profile = providers.Factory(UpdateProfile, new_unit, clock, session_cache)

    request_export = providers.Factory(RequestExport, new_unit, clock, new_id)
    see_export = providers.Factory(SeeExport, new_unit)
    fetch_export = providers.Factory(FetchExport, new_unit, clock)
    build_exports = providers.Factory(BuildExports, new_unit, clock)
    schedule_erasure = providers.Factory(ScheduleErasure, new_unit, clock, new_id)
    call_off_erasure = providers.Factory(CallOffErasure, new_unit, clock)
    see_erasure = providers.Factory(SeeErasure, new_unit)
    erase_due = providers.Factory(EraseDue, new_unit, clock, session_cache)
    drop_files = providers.Factory(DropFiles, files)
    note_run_out = providers.Factory(NoteRunOut, new_unit, clock, session_cache)
    end_weak_sessions = providers.Factory(EndWeakSessions, new_unit, clock, session_cache)
    apply_retention = providers.Factory(ApplyRetention, new_unit, clock, idempotency_store)

    identity_notices = providers.Singleton(
        IdentityNotices,
        clock,
        settings.provided.identity_webhook_secrets,
        settings.provided.identity_webhook_tolerance_s,
    )
    sync_external_user = providers.Factory(
        SyncExternalUser, new_unit, clock, new_id, session_cache, settings.provided.school_zone
    )

    handlers = providers.Dict(
        {ANSWER_RESET: answer_reset, DROP_FILES: drop_files, END_WEAK_SESSIONS: end_weak_sessions}
    )
