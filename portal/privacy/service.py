"""Making requests, confirming and cancelling them; the club's terms."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.service import destroy_files
from portal.jobs import service as jobs
from portal.members.models import Member, MemberState
from portal.privacy.errors import PrivacyError, RequestStateError
from portal.privacy.models import (
    CANCELLABLE,
    TRANSITIONS,
    PrivacyEvent,
    PrivacyRequest,
    PrivacySettings,
    RequestKind,
    RequestReason,
    RequestState,
)
from portal.privacy.notices import tell
from portal.privacy.queries import SETTINGS_ID, current_terms, waiting_days
from portal.projects.models import Project

EXPORTS_A_DAY = 3
EXPORT_KEPT = timedelta(days=7)
STAFF_REASONS = (RequestReason.LETTER, RequestReason.AT_DESK, RequestReason.DEATH)
"""Why staff ask for a member's erasure."""
REFUSAL_REASONS = (RequestReason.CHANGED_MIND, RequestReason.NOT_ENTITLED)
"""Why staff stop an erasure."""
LEAST_WAITING, MOST_WAITING = 1, 60
MOST_DAYS = 3650


def request_export(*, actor: Account, member: Member, language: str) -> PrivacyRequest:
    """Ask for everything that is kept of the member, as one file made by a job.

    Raises PrivacyError: already_open, too_many.
    """
    since = clock.now() - timedelta(days=1)
    made = db.session.scalar(
        sa.select(sa.func.count()).where(
            PrivacyRequest.member_id == member.id,
            PrivacyRequest.kind == RequestKind.EXPORT,
            PrivacyRequest.created_at > since,
        )
    )
    if (made or 0) >= EXPORTS_A_DAY:
        raise PrivacyError("too_many")
    request = _add(
        PrivacyRequest(
            kind=RequestKind.EXPORT,
            member_id=member.id,
            started_by_id=actor.id,
            state=RequestState.BUILDING,
            language=language,
        ),
        actor=actor,
        reason=RequestReason.ASKED,
    )
    _record(actor, request, member, "privacy.export_requested")
    jobs.enqueue(
        kind="privacy.export", payload={"request": request.id}, key=f"export:{request.public_id}"
    )
    return request


def note_download(*, actor: Account, member: Member, request: PrivacyRequest) -> StoredFile:
    """Return the file of an export that is ready, and record that it was taken.

    Raises RequestStateError.
    """
    file = db.session.get(StoredFile, request.file_id) if request.file_id else None
    over = request.due_at is None or request.due_at <= clock.now()
    if request.state != RequestState.READY or file is None or over:
        raise RequestStateError(request.state)
    _record(actor, request, member, "privacy.export_taken")
    return file


def request_erasure(*, actor: Account, member: Member) -> PrivacyRequest:
    """Ask to be erased, after the club's waiting period. Raises PrivacyError("already_open")."""
    request = _add(
        PrivacyRequest(
            kind=RequestKind.ERASURE,
            member_id=member.id,
            started_by_id=actor.id,
            state=RequestState.WAITING,
            due_at=clock.now() + timedelta(days=waiting_days()),
        ),
        actor=actor,
        reason=RequestReason.ASKED,
    )
    _record(actor, request, member, "privacy.erasure_requested")
    tell(kind="privacy.erasure_begun", account_id=member.account_id, request=request)
    return request


def start_erasure(
    *, actor: Account, member: Member, project: Project, reason: RequestReason, note: str
) -> PrivacyRequest:
    """Ask for a member's erasure on the staff's side; a second person confirms it.

    Raises PrivacyError: already_open, own_act, not_active.
    """
    if reason not in STAFF_REASONS:
        raise ValueError(reason)
    if member.account_id == actor.id:
        raise PrivacyError("own_act")
    if member.state != MemberState.ACTIVE:
        raise PrivacyError("not_active")
    request = _add(
        PrivacyRequest(
            kind=RequestKind.ERASURE,
            member_id=member.id,
            project_id=project.id,
            started_by_id=actor.id,
            state=RequestState.AWAITING,
            due_at=clock.now() + timedelta(days=waiting_days()),
        ),
        actor=actor,
        reason=reason,
        note=note,
    )
    _record(actor, request, member, "privacy.erasure_requested", reason=note)
    return request


def confirm_erasure(*, actor: Account, request: PrivacyRequest) -> None:
    """Confirm what another of the staff asked for; the waiting period begins.

    Raises PrivacyError("own_act"), RequestStateError.
    """
    member = db.session.get_one(Member, request.member_id)
    if actor.id in (request.started_by_id, member.account_id):
        raise PrivacyError("own_act")
    move(
        request=request,
        to=RequestState.WAITING,
        actor=actor,
        reason=RequestReason.CONFIRMED,
        sources=(RequestState.AWAITING,),
        confirmed_by_id=actor.id,
        due_at=clock.now() + timedelta(days=waiting_days()),
    )
    _record(actor, request, member, "privacy.erasure_confirmed")
    tell(kind="privacy.erasure_begun", account_id=member.account_id, request=request)


def cancel(
    *, actor: Account, request: PrivacyRequest, reason: RequestReason, note: str = ""
) -> None:
    """Stop a request that is not over. Raises RequestStateError when it is."""
    member = db.session.get_one(Member, request.member_id)
    move(
        request=request,
        to=RequestState.CANCELLED,
        actor=actor,
        reason=reason,
        note=note,
        sources=CANCELLABLE,
        finished_at=clock.now(),
    )
    action = f"privacy.{request.kind}_cancelled"
    _record(actor, request, member, action, reason=note or None)


def move(
    *,
    request: PrivacyRequest,
    to: RequestState,
    actor: Account | None,
    reason: RequestReason,
    note: str = "",
    sources: Sequence[RequestState] | None = None,
    **values: Any,
) -> None:
    """Move a request on, with a line in its history. Raises RequestStateError."""
    allowed = sources or [state for state, next_ones in TRANSITIONS.items() if to in next_ones]
    moved = db.session.scalar(
        sa.update(PrivacyRequest)
        .where(PrivacyRequest.id == request.id, PrivacyRequest.state.in_(allowed))
        .values(state=to, **values)
        .returning(PrivacyRequest.id)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(request, ["state", *values])
    if moved is None:
        raise RequestStateError(request.state)
    _note(request, to, actor, reason, note)


def expire_exports() -> int:
    """Delete the files of exports whose week is over; return how many."""
    over = db.session.scalars(
        sa.select(PrivacyRequest)
        .where(PrivacyRequest.state == RequestState.READY, PrivacyRequest.due_at <= clock.now())
        .limit(100)
    ).all()
    for request in over:
        drop_export(request=request, reason=RequestReason.TOO_OLD)
    return len(over)


def drop_export(*, request: PrivacyRequest, reason: RequestReason) -> None:
    """Delete the file of an export."""
    file = db.session.get(StoredFile, request.file_id) if request.file_id else None
    move(
        request=request,
        to=RequestState.EXPIRED,
        actor=None,
        reason=reason,
        sources=(RequestState.READY,),
        file_id=None,
    )
    if file is not None:
        destroy_files(files=[file])


def change_terms(*, actor: Account, waiting: int, days: Mapping[str, int]) -> bool:
    """Set how long an erasure waits and how long each kind of rows is kept; tell if that is new.

    Raises ValueError for days out of range, which the form refuses first.
    """
    terms = current_terms()
    if not LEAST_WAITING <= waiting <= MOST_WAITING or max(days.values(), default=0) > MOST_DAYS:
        raise ValueError("days out of range")
    changed = {key: number for key, number in days.items() if terms.days.get(key) != number}
    if not changed and waiting == terms.waiting_days:
        return False
    row = db.session.get(PrivacySettings, SETTINGS_ID)
    if row is None:
        row = PrivacySettings(id=SETTINGS_ID, waiting_days=waiting, days=dict(days))
        db.session.add(row)
    row.waiting_days, row.days = waiting, dict(days)
    record(
        actor=actor,
        action="privacy.terms_changed",
        subject=("club", "1"),
        project_id=None,
        facts={"waiting_days": waiting, **changed},
    )
    return True


def _add(
    request: PrivacyRequest, *, actor: Account, reason: RequestReason, note: str = ""
) -> PrivacyRequest:
    try:
        with db.session.begin_nested():
            db.session.add(request)
    except IntegrityError as error:
        raise PrivacyError("already_open") from error
    _note(request, RequestState(request.state), actor, reason, note)
    return request


def _note(
    request: PrivacyRequest,
    to: RequestState,
    actor: Account | None,
    reason: RequestReason,
    note: str = "",
) -> None:
    db.session.add(
        PrivacyEvent(
            request_id=request.id,
            to_state=to,
            reason=reason,
            note=note,
            actor_id=actor.id if actor else None,
        )
    )


def _record(
    actor: Account | None,
    request: PrivacyRequest,
    member: Member,
    action: str,
    *,
    reason: str | None = None,
) -> None:
    record(
        actor=actor,
        action=action,
        subject=("member", member.public_id),
        project_id=request.project_id,
        facts={"request": request.public_id},
        reason=reason,
    )
