"""Members' data: what a copy holds, what an erasure takes, what a purge deletes."""

import sqlalchemy as sa

from plugins.surveys.models import (
    Action,
    Ballot,
    Burst,
    Code,
    Coder,
    Coding,
    Draft,
    Forged,
    Participation,
    Publication,
    Quota,
    SideAnswer,
    Survey,
    Wave,
)
from portal.sdk import ExportPart, MemberRef, ProjectRef, db, lazy, localized

_ASKED = {
    "survey": lazy("Survey"),
    "answered": lazy("Answered"),
    "invited_at": lazy("Invited"),
    "answer": lazy("Your answer, as numbers"),
}
_BEGUN = {"survey": lazy("Survey"), "answers": lazy("Your words"), "saved_at": lazy("Saved")}
_SIDE = {
    "survey": lazy("Survey"),
    "item": lazy("Place of the question"),
    "value": lazy("Your words"),
}


def _mine(member: MemberRef) -> sa.ColumnElement[bool]:
    return sa.or_(
        Participation.member_id == member.id,
        Participation.household_id == member.household_id,
    )


def export_of(member: MemberRef) -> list[ExportPart]:
    """Return what the member was asked and, unless it was anonymous, the answers."""
    asked = db.session.execute(
        sa.select(Participation, Wave, Ballot)
        .join(Wave, Wave.id == Participation.wave_id)
        .outerjoin(
            Ballot,
            sa.and_(Ballot.id == Participation.ballot_id, Participation.answered_by == member.id),
        )
        .where(_mine(member))
        .order_by(Participation.created_at, Participation.id)
    )
    told = [
        {
            "survey": localized(wave.title),
            "answered": asked.answered,
            "invited_at": asked.invited_at,
            "answer": ballot.positions if ballot else None,
        }
        for asked, wave, ballot in asked
    ]
    begun = db.session.execute(
        sa.select(Draft, Wave)
        .join(Participation, Participation.id == Draft.participation_id)
        .join(Wave, Wave.id == Participation.wave_id)
        .where(Draft.member_id == member.id)
        .order_by(Draft.created_at)
    )
    drafts = [
        {"survey": localized(wave.title), "answers": draft.answers, "saved_at": draft.saved_at}
        for draft, wave in begun
    ]
    sides = db.session.execute(
        sa.select(SideAnswer, Wave)
        .join(Participation, Participation.ballot_id == SideAnswer.ballot_id)
        .join(Wave, Wave.id == Participation.wave_id)
        .where(Participation.answered_by == member.id)
        .order_by(SideAnswer.ballot_id, SideAnswer.item)
    )
    words = [
        {
            "survey": localized(wave.title),
            "item": side.item,
            "value": side.value if side.number is None else side.number / 1_000_000,
        }
        for side, wave in sides
    ]
    return [
        ExportPart("asked", lazy("Surveys"), _ASKED, told),
        ExportPart("drafts", lazy("Answers not sent yet"), _BEGUN, drafts),
        ExportPart("words", lazy("Answers in words"), _SIDE, words),
    ]


def erase(member: MemberRef) -> None:
    """Delete what was not sent and the member's words; the numbers stay, figures rest on them."""
    db.session.execute(sa.delete(Draft).where(Draft.member_id == member.id))
    own = sa.select(Participation.ballot_id).where(Participation.answered_by == member.id)
    words = sa.update(SideAnswer).where(SideAnswer.ballot_id.in_(own))
    db.session.execute(words.values(value=""))


def purge(project: ProjectRef) -> None:
    """Delete everything of a project, from the leaves up; sealed ballots let themselves go."""
    db.session.execute(sa.update(Wave).where(Wave.project_id == project.id).values(purging=True))
    for model in (
        Burst, Coding, Coder, Code, Draft, SideAnswer, Participation, Ballot, Quota, Forged,
        Publication, Action, Wave, Survey,
    ):  # fmt: skip
        db.session.execute(sa.delete(model).where(model.project_id == project.id))
