"""Members' data: what a copy holds, what an erasure takes, what a purge deletes."""

import sqlalchemy as sa

from plugins.complaints.models import (
    Act,
    Burst,
    Canned,
    Case,
    Category,
    Clock,
    DayRule,
    Edit,
    Follow,
    Gram,
    LogEntry,
    MeToo,
    Post,
    Promise,
    ReadMark,
    Report,
    Review,
    Series,
    StandIn,
)
from plugins.complaints.searching import KIND, rebuild_words
from plugins.complaints.states import LIVE, State
from portal.sdk import ExportPart, MemberRef, ProjectRef, db, drop_document, gettext, lazy

_GONE = "…"
_CASES = {
    "number": lazy("Number"),
    "title": lazy("In one sentence"),
    "body": lazy("What is the matter"),
    "state": lazy("State"),
    "rating": lazy("Rating"),
    "handed_in_at": lazy("Handed in"),
}
_POSTS = {
    "number": lazy("Number"),
    "body": lazy("Your words"),
    "written_at": lazy("Written"),
}
_ACTS = {
    "what": lazy("What a moderator did"),
    "reason": lazy("Reason"),
    "note": lazy("To the author"),
    "until": lazy("Until"),
    "appeal": lazy("Your appeal"),
    "at": lazy("At"),
}
_REPORTS = {"reason": lazy("Reason"), "body": lazy("Your words"), "at": lazy("Written")}
_FOLLOWED = {"number": lazy("Number"), "title": lazy("In one sentence"), "at": lazy("Followed")}
_JOINED = {
    "number": lazy("Number"),
    "title": lazy("In one sentence"),
    "at": lazy("Joined the complaint on"),
}


def export_of(member: MemberRef) -> list[ExportPart]:
    """Return a member's complaints, replies, and what the member joined."""
    cases = db.session.scalars(
        sa.select(Case).where(Case.member_id == member.id).order_by(Case.created_at, Case.id)
    )
    told = [
        {
            "number": each.code,
            "title": each.title,
            "body": each.body,
            "state": each.state,
            "rating": each.rating,
            "handed_in_at": each.created_at,
        }
        for each in cases
    ]
    replies = [
        {"number": case.code, "body": post.body, "written_at": post.created_at}
        for post, case in db.session.execute(
            sa.select(Post, Case)
            .join(Case, Case.id == Post.case_id)
            .where(Post.member_id == member.id)
            .order_by(Post.created_at, Post.id)
        )
    ]
    joined = [
        {"number": case.code, "title": case.title, "at": too.created_at}
        for too, case in db.session.execute(
            sa.select(MeToo, Case)
            .join(Case, Case.id == MeToo.case_id)
            .where(MeToo.member_id == member.id, Case.member_id != member.id)
            .order_by(MeToo.created_at, MeToo.id)
        )
    ]
    followed = [
        {"number": case.code, "title": case.title, "at": follow.created_at}
        for follow, case in db.session.execute(
            sa.select(Follow, Case)
            .join(Case, Case.id == Follow.case_id)
            .where(Follow.member_id == member.id)
            .order_by(Follow.created_at, Follow.id)
        )
    ]
    acts = [
        {
            "what": act.kind,
            "reason": act.reason,
            "note": act.note,
            "until": act.until,
            "appeal": act.appeal_body,
            "at": act.created_at,
        }
        for act in db.session.scalars(
            sa.select(Act).where(Act.member_id == member.id).order_by(Act.created_at, Act.id)
        )
    ]
    reports = [
        {"reason": report.reason, "body": report.body, "at": report.created_at}
        for report in db.session.scalars(
            sa.select(Report).where(Report.member_id == member.id).order_by(Report.created_at)
        )
    ]
    return [
        ExportPart("acts", lazy("What moderators did"), _ACTS, acts),
        ExportPart("reports", lazy("Reports to moderators"), _REPORTS, reports),
        ExportPart("complaints", lazy("Complaints"), _CASES, told),
        ExportPart("replies", lazy("Replies to complaints"), _POSTS, replies),
        ExportPart("followed", lazy("Complaints followed"), _FOLLOWED, followed),
        ExportPart("joined", lazy("Complaints joined"), _JOINED, joined),
    ]


def erase(member: MemberRef) -> None:
    """Take the member's words and home away; what was handled and how long it took stays."""
    own = db.session.scalars(sa.select(Case).where(Case.member_id == member.id)).all()
    for case in own:
        case.title = case.body = _GONE
        case.home = case.building = case.place = ""
        case.unit_id, case.photos = None, []
        drop_document(kind=KIND, key=case.public_id)
    touched = set(
        db.session.scalars(sa.select(Post.case_id).where(Post.member_id == member.id))
    ) | {case.id for case in own}
    for model in (Post, Edit):
        db.session.execute(sa.update(model).where(model.member_id == member.id).values(body=_GONE))
    db.session.execute(sa.update(Report).where(Report.member_id == member.id).values(body=""))
    db.session.execute(sa.delete(Follow).where(Follow.member_id == member.id))
    blank = {"note": "", "appeal_body": "", "answer": ""}
    db.session.execute(sa.update(Act).where(Act.member_id == member.id).values(**blank))
    for case in db.session.scalars(sa.select(Case).where(Case.id.in_(touched))):
        rebuild_words(case)


def objections(member: MemberRef) -> list[str]:
    """Return what has to be settled before a member is erased: complaints that run."""
    running = db.session.scalar(
        sa.select(sa.func.count(Case.id)).where(Case.member_id == member.id, Case.state.in_(LIVE))
    )
    if not running:
        return []
    return [gettext("Take your running complaints back first, or wait until they are closed.")]


def purge(project: ProjectRef) -> None:
    """Delete everything of a project, from the leaves up; the log lets itself be deleted then."""
    mine = sa.update(Case).where(Case.project_id == project.id)
    parted = sa.case((Case.state == State.MERGED, State.WITHDRAWN), else_=Case.state)
    mine = mine.values(purging=True, merged_into_id=None, state=parted)
    db.session.execute(mine)
    db.session.execute(sa.update(Post).where(Post.project_id == project.id).values(quote_id=None))
    beside = (Report, Review, Act, Promise, ReadMark, Burst, Follow, StandIn)
    for model in (*beside, Edit, Gram, MeToo, Clock, LogEntry, Post, Case, Series, DayRule, Canned):
        db.session.execute(sa.delete(model).where(model.project_id == project.id))
    db.session.execute(
        sa.delete(Category).where(
            Category.project_id == project.id, Category.parent_id.is_not(None)
        )
    )
    db.session.execute(sa.delete(Category).where(Category.project_id == project.id))
