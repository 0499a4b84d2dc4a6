"""A member's ledger, as the staff of a project see it and correct it."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.extensions import db
from portal.i18n import gettext
from portal.members.models import Member
from portal.points import queries
from portal.points.amounts import format_points
from portal.points.blueprint import blueprint
from portal.points.by_hand import alone_limit, by_hand_today
from portal.points.errors import PointsError
from portal.points.kinds import Kind, ProposalState
from portal.points.models import Proposal
from portal.points.proposals import adjust, take_back
from portal.points.queries import Figures
from portal.points.sentences import sentence
from portal.points.statement import SHOWN, ledger_of
from portal.points.terms import Posting
from portal.projects.current import current_project
from portal.staff.belonging import belonging
from portal.staff.member_page import member_here
from portal.staff.points_forms import AdjustForm, TakeBackForm
from portal.staff.points_rights import line_to_take_back, may_take_back, seen_project

__all__ = ["blueprint"]

PROPOSALS_SHOWN = 10
Page = str | tuple[str, int] | Response


@dataclass
class Forms:
    """The forms of the page; the one that was sent keeps what was typed."""

    adjust: AdjustForm
    back: TakeBackForm


def _forms() -> Forms:
    return Forms(AdjustForm(formdata=None), TakeBackForm(formdata=None))


@blueprint.get("/p/<project>/staff/members/<public_id>/points")
@requires("points.view")
def staff_ledger(public_id: str) -> str:
    """Show the member's figures, every line, and what waits for a second person."""
    return _page(public_id, _forms(), request.args.get("back", ""))


@blueprint.post("/p/<project>/staff/members/<public_id>/points/adjust")
@requires("points.adjust")
def staff_adjust(public_id: str) -> Page:
    """Give or take points by hand, or propose it when it is much."""
    member, forms = member_here(public_id), Forms(AdjustForm(), TakeBackForm(formdata=None))
    if not forms.adjust.validate():
        return _page(public_id, forms), 422
    try:
        done = adjust(
            actor=current_account(),
            member=member,
            project_id=current_project().id,
            kind=Kind(forms.adjust.kind.data),
            amount=forms.adjust.points.milli,
            reason=forms.adjust.reason.data or "",
            key=forms.adjust.idempotency_key.data or "",
        )
    except PointsError as error:
        db.session.rollback()
        forms.adjust.points.errors = [sentence(error)]
        return _page(public_id, forms), 422
    db.session.commit()
    flash(
        gettext("Booked: %(points)s points.", points=format_points(done.amount))
        if isinstance(done, Posting)
        else gettext("Proposed. A colleague has to agree before it is booked.")
    )
    return redirect(url_for("points.staff_ledger", public_id=public_id), 303)


@blueprint.post("/p/<project>/staff/members/<public_id>/points/<posting_id>/back")
@requires("points.adjust")
def staff_take_back(public_id: str, posting_id: str) -> Page:
    """Take the rest of a line back, or propose it when it is much."""
    member, forms = member_here(public_id), Forms(AdjustForm(formdata=None), TakeBackForm())
    line_id = line_to_take_back(member, posting_id)
    if not forms.back.validate():
        return _page(public_id, forms, posting_id), 422
    try:
        done = take_back(
            actor=current_account(),
            member=member,
            project_id=current_project().id,
            posting_id=line_id,
            reason=forms.back.reason.data or "",
            key=forms.back.idempotency_key.data or "",
        )
    except PointsError as error:
        db.session.rollback()
        forms.back.reason.errors = [sentence(error)]
        return _page(public_id, forms, posting_id), 422
    db.session.commit()
    flash(
        gettext("The line is taken back.")
        if isinstance(done, Posting)
        else gettext("Proposed. A colleague has to agree before it is booked.")
    )
    return redirect(url_for("points.staff_ledger", public_id=public_id), 303)


@dataclass(frozen=True)
class Subject:
    """The member whose page it is: figures, and the proposals that wait in this project.

    `alone`: the milli-points that one person may adjust in a day; `left`: what of it is left for
    the reader today.
    """

    member: Member
    figures: Figures
    alone: int
    left: int
    proposals: list[Proposal]


def _subject(public_id: str) -> Subject:
    """Return what the page shows of a member beside the lines: one statement."""
    project = current_project()
    figures = queries.figures_by_member().subquery()
    rows = db.session.execute(
        sa.select(
            Member,
            Proposal,
            alone_limit().label("alone"),
            by_hand_today(current_account().id, figures.c.account_id)
            .scalar_subquery()
            .label("adjusted"),
            *figures.c,
        )
        .outerjoin(figures, figures.c.member_id == Member.id)
        .outerjoin(
            Proposal,
            sa.and_(
                Proposal.member_id == Member.id,
                Proposal.project_id == project.id,
                Proposal.state == ProposalState.PROPOSED,
            ),
        )
        .options(joinedload(Proposal.made_by))
        .where(Member.public_id == public_id, *belonging(project))
        .order_by(Proposal.created_at)
        .limit(PROPOSALS_SHOWN)
    ).all()
    if not rows:
        raise NotFound
    proposals = [row.Proposal for row in rows if row.Proposal is not None]
    row = rows[0]
    left = max(0, row.alone - int(row.adjusted))
    return Subject(row.Member, queries.figures_from(row), row.alone, left, proposals)


def _page(public_id: str, forms: Forms, back: str = "") -> str:
    subject = _subject(public_id)
    show = request.args.get("show", "")
    show = show if show in SHOWN else ""
    account_id = subject.figures.account_id
    project_id = seen_project()
    page = ledger_of(account_id, show, project_id=project_id) if account_id else None
    lines = page.items if page else []
    chosen = next((line for line in lines if line.row.public_id == back), None)
    if chosen is not None and not may_take_back(chosen.row):
        chosen = None
    return render_template(
        "points/staff_ledger.html",
        subject=subject.member,
        tab="points",
        figures=subject.figures,
        page=page,
        show=show,
        forms=forms,
        may_take_back=may_take_back,
        is_partial=project_id is not None,
        chosen=chosen,
        proposals=subject.proposals,
        waiting={proposal.reverses_id for proposal in subject.proposals},
        alone=subject.alone,
        left=subject.left,
        reader=current_account(),
    )
