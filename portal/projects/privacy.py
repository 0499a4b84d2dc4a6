"""What is kept of the homes a member lives in, follows and invites into."""

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.accounts.models import Account
from portal.audit.privacy import blank_reasons_about
from portal.extensions import db
from portal.i18n import lazy, localized
from portal.members.models import Member
from portal.personal_data import Coverage, ErasureNote, ExportPart
from portal.projects.models import Invitation, Ownership, Project, ProjectInterest, Unit
from portal.projects.queries import unit_title
from portal.projects.service import leave_home

TABLES = {
    "ownership": Coverage(erased=False, why="a home's history stays complete; ids and dates"),
    "project_interest": Coverage(),
    "invitation": Coverage(),
    "unit": Coverage(exported=False, erased=False, why="a home, not a person; see ownership"),
}


def export_member_data(member: Member) -> list[ExportPart]:
    """Return the homes, the projects followed, and the invitations sent."""
    return [_homes(member), _interests(member), _invitations(member)]


def erase_member_data(member: Member) -> None:
    """End the member's place in every home, and delete invitations and projects followed."""
    account = db.session.get_one(Account, member.account_id)
    ownerships = db.session.scalars(
        sa.select(Ownership).where(Ownership.member_id == member.id).order_by(Ownership.id)
    ).all()
    for ownership in ownerships:
        if ownership.until is None:
            leave_home(actor=None, ownership=ownership)
    invitations = db.session.scalars(sa.select(Invitation).where(_of(member, account))).all()
    blank_reasons_about(
        subjects=[
            *(("ownership", each.public_id) for each in ownerships),
            *(("invitation", each.public_id) for each in invitations),
        ]
    )
    for invitation in invitations:
        db.session.delete(invitation)
    db.session.execute(sa.delete(ProjectInterest).where(ProjectInterest.member_id == member.id))


def erasure_notes(member: Member) -> list[ErasureNote]:
    """Return what becomes of the homes."""
    return [
        ErasureNote(lazy("Projects you follow and invitations you sent")),
        ErasureNote(
            lazy("Which homes had an owner in the club, from when to when"),
            kept=lazy("Without your name; your place in each home ends on the day."),
        ),
    ]


def _of(member: Member, account: Account) -> sa.ColumnElement[bool]:
    of_member = [Invitation.invited_by_id == member.id, Invitation.accepted_by_id == member.id]
    if account.phone_hash is not None:
        of_member.append(Invitation.phone_hash == account.phone_hash)
    return sa.or_(*of_member)


def _homes(member: Member) -> ExportPart:
    columns = {
        "project": lazy("Project"),
        "home": lazy("Address of the home"),
        "role": lazy("Role in the home"),
        "since": lazy("Since"),
        "until": lazy("Until"),
        "end_reason": lazy("Why it ended"),
    }
    rows = db.session.scalars(
        sa.select(Ownership)
        .options(
            joinedload(Ownership.unit, innerjoin=True).options(
                joinedload(Unit.building, innerjoin=True), joinedload(Unit.project, innerjoin=True)
            )
        )
        .where(Ownership.member_id == member.id)
        .order_by(Ownership.since, Ownership.id)
    )
    return ExportPart(
        "homes",
        lazy("Homes"),
        columns,
        [
            {
                "project": localized(row.unit.project.name),
                "home": unit_title(row.unit),
                "role": row.role,
                "since": row.since,
                "until": row.until,
                "end_reason": row.end_reason,
            }
            for row in rows
        ],
        words={"role": "role", "end_reason": "end_reason"},
    )


def _interests(member: Member) -> ExportPart:
    rows = db.session.execute(
        sa.select(Project.name, ProjectInterest.created_at)
        .join(Project, Project.id == ProjectInterest.project_id)
        .where(ProjectInterest.member_id == member.id)
        .order_by(ProjectInterest.created_at)
    )
    return ExportPart(
        "projects_followed",
        lazy("Projects followed"),
        {"project": lazy("Project"), "since": lazy("Since")},
        [{"project": localized(name), "since": at} for name, at in rows],
    )


def _invitations(member: Member) -> ExportPart:
    columns = {
        "name": lazy("Full name"),
        "role": lazy("Role in the home"),
        "sent": lazy("Sent"),
        "accepted": lazy("Accepted"),
        "withdrawn": lazy("Withdrawn"),
    }
    account = db.session.get_one(Account, member.account_id)
    rows = db.session.scalars(
        sa.select(Invitation).where(_of(member, account)).order_by(Invitation.created_at)
    )
    return ExportPart(
        "invitations",
        lazy("Invitations sent and received"),
        columns,
        [
            {
                "name": row.name,
                "role": row.role,
                "sent": row.created_at,
                "accepted": row.accepted_at,
                "withdrawn": row.withdrawn_at,
            }
            for row in rows
        ],
        words={"role": "role"},
    )
