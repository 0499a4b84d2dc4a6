"""Who an announcement is for, and the lists of announcements."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from portal.accounts.models import Account, AccountState
from portal.announcements.models import Announcement, AnnouncementState, Audience
from portal.extensions import db
from portal.jobs.models import OPEN_STATES, JobRow
from portal.members.models import Member
from portal.pagination import Page, page_of
from portal.projects.models import Building, Ownership, ProjectInterest, Unit

SEND = "announcements.send"
"""The kind of the job that sends; its key is `<kind>:<announcement>:…`."""


def recipients(announcement: Announcement) -> sa.Select[tuple[int]]:
    """Select the accounts that an announcement is for, each once."""
    members = sa.select(Ownership.member_id).where(Ownership.until.is_(None))
    if announcement.project_id is not None:
        members = members.where(Ownership.project_id == announcement.project_id)
    if announcement.audience == Audience.BUILDING:
        members = members.join(Unit, Unit.id == Ownership.unit_id).where(
            Unit.building_id == announcement.building_id
        )
    condition: sa.ColumnElement[bool] = Member.id.in_(members)
    if announcement.audience == Audience.EVERYONE:
        if announcement.project_id is None:
            condition = sa.true()
        else:
            followers = sa.select(ProjectInterest.member_id).where(
                ProjectInterest.project_id == announcement.project_id
            )
            condition = sa.or_(condition, Member.id.in_(followers))
    return (
        sa.select(Account.id)
        .join(Member, Member.account_id == Account.id)
        .where(Account.state == AccountState.ACTIVE, condition)
    )


def next_recipients(announcement: Announcement, size: int) -> Sequence[int]:
    """Return the next accounts to tell, in ascending order."""
    statement = recipients(announcement).where(Account.id > announcement.last_account_id)
    return db.session.scalars(statement.order_by(Account.id).limit(size)).all()


def count_recipients(announcement: Announcement) -> int:
    """Return how many accounts an announcement is for."""
    counted = sa.select(sa.func.count()).select_from(recipients(announcement).subquery())
    return db.session.scalar(counted) or 0


def page(project_id: int | None) -> Page[Any]:
    """Return a page of a project's announcements, or of the club's own, the newest first."""
    return page_of(
        sa.select(Announcement).where(Announcement.project_id.is_not_distinct_from(project_id)),
        Announcement.created_at,
        Announcement.id,
        descending=True,
    )


def find(project_id: int | None, public_id: str) -> Announcement | None:
    """Return an announcement of this project, or of the club."""
    return db.session.scalar(
        sa.select(Announcement).where(
            Announcement.public_id == public_id,
            Announcement.project_id.is_not_distinct_from(project_id),
        )
    )


def standing(announcements: Sequence[Announcement]) -> dict[int, str]:
    """Return where announcements stand, by id: one that is to be sent while no job is left to do
    it, since staff cancelled the job or it was given up, is stopped. At most one statement."""
    found: dict[int, str] = {each.id: each.state for each in announcements}
    sending = [each.id for each in announcements if each.state == AnnouncementState.SENDING]
    if sending:
        stalled = db.session.scalars(
            sa.select(Announcement.id).where(Announcement.id.in_(sending), is_stalled())
        )
        found |= dict.fromkeys(stalled, AnnouncementState.STOPPED)
    return found


def is_stalled() -> sa.ColumnElement[bool]:
    """Return the condition that an announcement is to be sent, and no job is left to do it."""
    job = sa.select(JobRow.id).where(
        # Few jobs are open at a time, and an index has just these.
        JobRow.state.in_(OPEN_STATES),
        JobRow.kind == SEND,
        JobRow.key.startswith(SEND + ":" + Announcement.public_id + ":"),
    )
    return sa.and_(Announcement.state == AnnouncementState.SENDING, ~job.exists())


def building_name(announcement: Announcement) -> str | None:
    """Return the name of the building that is told, None when it is not about one."""
    if announcement.building_id is None:
        return None
    return db.session.get_one(Building, announcement.building_id).name


def buildings(project_id: int) -> Sequence[Building]:
    """Return a project's buildings by name."""
    return db.session.scalars(
        sa.select(Building).where(Building.project_id == project_id).order_by(Building.key)
    ).all()
