"""The staff's page of a draft that was tried: how far it is, and what it comes to."""

from flask import render_template
from werkzeug.exceptions import NotFound

from plugins.referrals.blueprint import staff
from plugins.referrals.corrections.drafts import unpack
from plugins.referrals.measures import words as measured
from plugins.referrals.models.rewards import Kind
from plugins.referrals.trials.figures import figures_of
from plugins.referrals.trials.queries import find_trial
from portal.sdk import colleagues, current_project, requires

__all__ = ["staff"]

RULES = "referrals.rules"


@staff.get("/p/<project>/staff/referrals/trials/<public_id>")
@requires(RULES)
def trial(public_id: str) -> str:
    """Show what a draft would have given for the leads of a year."""
    project = current_project()
    found = find_trial(project.id, public_id)
    if found is None:
        raise NotFound
    figures, draft = figures_of(found.found), unpack(found.draft)
    lines = measured.draft_lines(draft.promises)
    names = {each.id: each.name for each in colleagues(RULES, project)}
    return render_template(
        "referrals/trial.html",
        trial=found,
        draft=draft,
        figures=figures,
        kinds=[kind for kind in Kind if figures.total[kind] or figures.given[kind]],
        examples=measured.examples(lines, draft.month_fee),
        prices=measured.PRICES,
        by=names.get(found.made_by, ""),
    )
