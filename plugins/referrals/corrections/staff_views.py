"""The staff's pages of corrections: what one would change, confirming it, giving it up."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.referrals.blueprint import staff
from plugins.referrals.corrections import service
from plugins.referrals.corrections.drafts import unpack
from plugins.referrals.errors import ReferralError
from plugins.referrals.measures.words import draft_lines
from plugins.referrals.models import Correction
from plugins.referrals.words import REFUSALS
from portal.sdk import current_account, current_project, db, gettext, now, requires

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
RULES = "referrals.rules"


@staff.get("/p/<project>/staff/referrals/corrections/<public_id>")
@requires(RULES)
def correction(public_id: str) -> str:
    """Show what a correction says and what it changes."""
    return _page(_find(public_id))


@staff.post("/p/<project>/staff/referrals/corrections/<public_id>/confirm")
@requires(RULES)
def confirm_correction(public_id: str) -> Page:
    """Confirm what somebody else has proposed."""

    def act(actor: Any, found: Correction) -> None:
        service.confirm(actor=actor, project=current_project(), found=found, at=now())

    return _do(public_id, act, gettext("The correction counts; the difference is in the rewards."))


@staff.post("/p/<project>/staff/referrals/corrections/<public_id>/drop")
@requires(RULES)
def drop_correction(public_id: str) -> Page:
    """Give a correction up."""

    def act(actor: Any, found: Correction) -> None:
        service.drop(actor=actor, found=found)

    return _do(public_id, act, gettext("The correction is given up; nothing has changed."))


def waiting(project_id: int) -> list[Correction]:
    """Return the corrections that wait for a second person."""
    return list(
        db.session.scalars(
            sa.select(Correction)
            .where(Correction.project_id == project_id, Correction.state == "proposed")
            .order_by(Correction.created_at, Correction.id)
            .limit(20)
        )
    )


def _do(public_id: str, act: Callable[[Any, Correction], None], said: str) -> Page:
    try:
        act(current_account(), _find(public_id))
    except ReferralError as error:
        db.session.rollback()
        return _page(_find(public_id), str(REFUSALS[error.code])), 409
    db.session.commit()
    flash(said)
    return redirect(url_for("referrals_staff.correction", public_id=public_id), 303)


def _page(found: Correction, refused: str = "") -> str:
    draft = unpack(found.draft)
    return render_template(
        "referrals/correction.html",
        correction=found,
        draft=draft,
        lines=draft_lines(draft.promises),
        own=found.made_by == current_account().id,
        refused=refused,
    )


def _find(public_id: str) -> Correction:
    found = db.session.scalar(
        sa.select(Correction).where(
            Correction.public_id == public_id, Correction.project_id == current_project().id
        )
    )
    if found is None:
        raise NotFound
    return found
