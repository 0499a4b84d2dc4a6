"""Writing, sending and stopping announcements."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.announcements import queries
from portal.announcements.models import Announcement, AnnouncementState, Audience
from portal.announcements.queries import SEND
from portal.audit.service import record
from portal.columns import Texts
from portal.extensions import db
from portal.jobs.service import enqueue
from portal.notifications.service import BATCH, notify
from portal.notifications.wording import Wording

KIND = "announcements.news"


class AnnouncementError(Exception):
    """An announcement cannot be changed so; `state` is where it stands."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


@dataclass(frozen=True)
class Draft:
    """What an announcement says, and to whom."""

    audience: Audience
    building_id: int | None
    subject: Texts
    body: Texts


def write(*, actor: Account, project_id: int | None, draft: Draft) -> Announcement:
    """Keep a new draft."""
    made = Announcement(
        project_id=project_id,
        audience=draft.audience,
        building_id=draft.building_id,
        subject=draft.subject,
        body=draft.body,
        written_by_id=actor.id,
    )
    db.session.add(made)
    db.session.flush()
    _audit(actor, "announcement.written", made)
    return made


def rewrite(*, actor: Account, announcement: Announcement, draft: Draft) -> None:
    """Change a draft. Raises AnnouncementError once it is being sent."""
    _change(
        announcement, (AnnouncementState.DRAFT,), audience=draft.audience,
        building_id=draft.building_id, subject=dict(draft.subject), body=dict(draft.body),
    )  # fmt: skip
    _audit(actor, "announcement.written", announcement)


def send(*, actor: Account, announcement: Announcement) -> None:
    """Begin to send a draft, or go on with one that was stopped, or whose job was cancelled or
    given up. Raises AnnouncementError."""
    now = clock.now()
    _change(
        announcement, (AnnouncementState.DRAFT, AnnouncementState.STOPPED), queries.is_stalled(),
        state=AnnouncementState.SENDING, sent_at=sa.func.coalesce(Announcement.sent_at, now),
        ended_at=None, total=queries.count_recipients(announcement),
    )  # fmt: skip
    enqueue(
        kind=SEND,
        payload={"announcement": announcement.public_id},
        project_id=announcement.project_id,
        key=f"{SEND}:{announcement.public_id}:{announcement.told}:{now.isoformat()}",
    )
    _audit(actor, "announcement.sent", announcement)


def stop(*, actor: Account, announcement: Announcement) -> None:
    """Stop the sending after the batch that goes out now. Raises AnnouncementError."""
    _change(
        announcement, (AnnouncementState.SENDING,),
        state=AnnouncementState.STOPPED, ended_at=clock.now(),
    )  # fmt: skip
    _audit(actor, "announcement.stopped", announcement)


def tell_batch(announcement: Announcement) -> bool:
    """Tell the next accounts in the caller's transaction; False when it is over.

    The row is guarded: a stop, or another runner that tells the same batch, comes first or waits.
    """
    accounts = queries.next_recipients(announcement, BATCH)
    if accounts:
        values: dict[str, Any] = {
            "last_account_id": accounts[-1],
            "told": Announcement.told + len(accounts),
        }
    else:
        values = {"state": AnnouncementState.SENT, "ended_at": clock.now()}
    moved = db.session.execute(
        sa.update(Announcement)
        .where(
            Announcement.id == announcement.id,
            Announcement.state == AnnouncementState.SENDING,
            Announcement.last_account_id == announcement.last_account_id,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if not moved.rowcount or not accounts:  # type: ignore[attr-defined]
        return False
    notify(
        account_ids=accounts,
        kind=KIND,
        cause=announcement.public_id,
        wording=Wording(announcement.subject, announcement.body),
        project_id=announcement.project_id,
    )
    db.session.refresh(announcement)
    return True


def _change(
    announcement: Announcement,
    among: tuple[AnnouncementState, ...],
    *others: sa.ColumnElement[bool],
    **values: Any,
) -> None:
    """Change an announcement in one of these states, or that fulfils one of the conditions."""
    changed = db.session.execute(
        sa.update(Announcement)
        .where(
            Announcement.id == announcement.id,
            sa.or_(Announcement.state.in_(among), *others),
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(announcement)
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise AnnouncementError(announcement.state)


def _audit(actor: Account, action: str, announcement: Announcement) -> None:
    record(
        actor=actor,
        action=action,
        subject=("announcement", announcement.public_id),
        project_id=announcement.project_id,
        facts={"audience": str(announcement.audience), "told": announcement.told},
    )
