"""What only the household decides about its complaint."""

from collections.abc import Callable, Mapping
from typing import Any

from plugins.complaints import deciding
from plugins.complaints.blueprint import blueprint
from plugins.complaints.forms import RatingForm, ReasonForm, VersionForm
from plugins.complaints.models import Case
from plugins.complaints.views import Page, case_page, done, find_shown
from portal.sdk import current_member, current_project, gettext, member_only

__all__ = ["blueprint"]


@blueprint.post("/p/<project>/complaints/<public_id>/accept")
@member_only
def accept(public_id: str) -> Page:
    """Accept a solution with a rating: the household closes its case."""
    form = RatingForm()
    said = gettext("Closed, with your rating.")
    return _decide(
        public_id, form, deciding.accept, said, lambda: {"rating": int(form.rating.data or 0)}
    )


@blueprint.post("/p/<project>/complaints/<public_id>/refuse")
@member_only
def refuse(public_id: str) -> Page:
    """Refuse a solution: the case rises a level."""
    form = ReasonForm()
    said = gettext("Refused. The case is one level up now.")
    return _decide(public_id, form, deciding.refuse, said, lambda: {"reason": form.body.data})


@blueprint.post("/p/<project>/complaints/<public_id>/reopen")
@member_only
def reopen(public_id: str) -> Page:
    """Open a lapsed case again."""
    form = ReasonForm()
    said = gettext("The case is open again.")
    return _decide(public_id, form, deciding.reopen, said, lambda: {"reason": form.body.data})


@blueprint.post("/p/<project>/complaints/<public_id>/withdraw")
@member_only
def withdraw(public_id: str) -> Page:
    """Take a complaint back."""
    said = gettext("Your complaint is taken back.")
    return _decide(public_id, VersionForm(), deciding.withdraw, said, dict)


def _decide(
    public_id: str,
    form: Any,
    decide: Callable[..., Case],
    said: str,
    decision: Callable[[], Mapping[str, Any]],
) -> Page:
    """Let the household decide on the version that its page showed."""
    case, member = find_shown(public_id), current_member()
    if case.household_id != member.household_id:
        return case_page(public_id, refused="NOT_YOURS"), 403
    if not form.validate_on_submit():
        return case_page(public_id, decision=form), 422

    def act() -> None:
        shown = {"case_id": case.id, "member": member, "version": form.version.data}
        decide(project=current_project(), **shown, **decision())

    return done(public_id, act, said)
