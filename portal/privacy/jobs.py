"""Building exports, carrying erasures out, and letting old rows go, beside the requests."""

import tempfile
from datetime import time, timedelta
from functools import partial

import sqlalchemy as sa

from portal import clock
from portal.extensions import db, reading, writable
from portal.files.models import FileKind
from portal.files.service import store_stream
from portal.jobs.registry import JobRun, job
from portal.members.models import Member
from portal.privacy import retention
from portal.privacy.erasing import carry_out, due_erasures
from portal.privacy.errors import RequestStateError
from portal.privacy.exporting import write_export
from portal.privacy.models import PrivacyRequest, RequestReason, RequestState
from portal.privacy.notices import tell
from portal.privacy.service import EXPORT_KEPT, expire_exports, move

FILE_OWNER = "privacy_request"
_IN_MEMORY = 4 * 1024 * 1024


@job("privacy.export", long=True)
def build_export(run: JobRun) -> None:
    """Build a member's file; a request that was cancelled meanwhile gets none."""
    request = db.session.get(PrivacyRequest, run.payload["request"])
    if request is None or request.state != RequestState.BUILDING:
        return
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as target:
        # Others may write meanwhile: only the progress does.
        with reading():
            db.session.rollback()
            member = db.session.get_one(Member, request.member_id)
            account_id = member.account_id
            progress = partial(_note_progress, run, request.id)
            missing = write_export(target, member, language=request.language, tell=progress)
            db.session.rollback()
        target.seek(0)
        file = store_stream(
            stream=target,
            owner_kind=FILE_OWNER,
            owner_key=request.public_id,
            kind=FileKind.EXPORT,
            name="export.zip",
            content_type="application/zip",
        )
    try:
        with db.session.begin_nested():
            move(
                request=request,
                to=RequestState.READY,
                actor=None,
                reason=RequestReason.BUILT,
                file_id=file.id,
                due_at=clock.now() + EXPORT_KEPT,
                obstacles=missing,
                finished_at=clock.now(),
            )
            tell(kind="privacy.export_ready", account_id=account_id, request=request)
    except RequestStateError:
        # Cancelled while it was built: the file goes with this transaction's row.
        db.session.delete(file)


def _note_progress(run: JobRun, request_id: int, done: int, total: int) -> None:
    """Note how many parts are done, in a transaction of its own."""
    db.session.rollback()
    with writable():
        db.session.execute(
            sa.update(PrivacyRequest)
            .where(PrivacyRequest.id == request_id)
            .values(done=done, total=total)
            .execution_options(synchronize_session=False)
        )
        run.checkpoint(done=done, total=total)


@job("privacy.erase", every=timedelta(minutes=10))
def erase_due(run: JobRun) -> None:
    """Carry out the erasures whose waiting period is over."""
    done = 0
    for request_id in due_erasures():
        done += carry_out(request_id)
        run.checkpoint(done=done)


@job("privacy.expire_exports", every=timedelta(hours=1))
def expire(run: JobRun) -> None:
    """Delete the files of exports whose week is over."""
    while expire_exports():
        run.checkpoint()


@job("privacy.retention", at=time(3, 40), long=True)
def keep_to_terms(run: JobRun) -> None:
    """Delete what is older than the club keeps it."""
    done = 0
    for _rule, deleted in retention.sweep():
        done += deleted
        run.checkpoint(done=done)
