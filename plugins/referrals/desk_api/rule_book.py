"""The rules for programs: read them, try a draft, publish one, correct what has begun."""

from typing import Any

import sqlalchemy as sa
from werkzeug.exceptions import NotFound

from plugins.referrals import queries, rules
from plugins.referrals.corrections import service as corrections
from plugins.referrals.desk_api.drafts import read_draft, show_rules
from plugins.referrals.desk_api.rule_schemas import (
    CorrectionSent,
    CorrectionShown,
    DraftSent,
    RulesShown,
    TrialShown,
    VersionsPage,
)
from plugins.referrals.earning import lines_of
from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Campaign, Correction, Trial
from plugins.referrals.problems import REFUSED, problem
from plugins.referrals.rules_views import RULES
from plugins.referrals.trials import service as trials
from plugins.referrals.trials.figures import figures_of
from plugins.referrals.trials.queries import find_trial
from portal.sdk import (
    ApiBlueprint,
    api_page,
    business_date,
    current_account,
    current_project,
    db,
    now,
    requires,
)

api = ApiBlueprint(
    "referrals_rules_api", __name__, url_prefix="/api/v1/p/<project>/referrals/staff/rules",
    title="Referrals",
)  # fmt: skip


@api.call("GET", "", VersionsPage, paged=True)
@requires(RULES)
def versions() -> Any:
    """List the versions of the rules, the newest first."""
    return api_page(queries.versions(current_project().id), _listed)


@api.call("GET", "/<public_id>", RulesShown)
@requires(RULES)
def version(public_id: str) -> dict[str, Any]:
    """Show one version with what it promises."""
    found = queries.version(current_project().id, public_id)
    if found is None:
        raise NotFound
    return show_rules(found, lines_of(found))


@api.call("POST", "/trials", TrialShown, status=201, body=DraftSent, errors=REFUSED)
@requires(RULES)
def try_draft(body: dict[str, Any]) -> dict[str, Any]:
    """Say what a draft would have given for the leads of a year; no rules are written. Where the
    leads are many, read the trial again until it is finished."""
    project = current_project()
    made = trials.ask(
        actor=current_account(), project=project, draft=read_draft(project, body),
        after=body["after"], today=business_date(project.time_zone),
    )  # fmt: skip
    db.session.commit()
    return _trial(made)


@api.call("GET", "/trials/<public_id>", TrialShown)
@requires(RULES)
def trial(public_id: str) -> dict[str, Any]:
    """Show what a draft would have given, as far as that is reckoned."""
    found = find_trial(current_project().id, public_id)
    if found is None:
        raise NotFound
    return _trial(found)


@api.call("POST", "", RulesShown, status=201, body=DraftSent, errors=REFUSED)
@requires(RULES)
def publish(body: dict[str, Any]) -> dict[str, Any]:
    """Publish the next version; PAST for a day that has passed, CHANGED when `after` is old."""
    project = current_project()
    try:
        made = rules.write_version(
            actor=current_account(), project=project, draft=read_draft(project, body),
            after=body["after"], at=now(),
        )  # fmt: skip
    except ReferralError as error:
        raise problem(error) from error
    db.session.commit()
    return show_rules(made, lines_of(made))


@api.call(
    "POST", "/corrections", CorrectionShown, status=201, body=CorrectionSent, errors=REFUSED
)  # fmt: skip
@requires(RULES)
def propose(body: dict[str, Any]) -> dict[str, Any]:
    """Propose rules with a past date; somebody else confirms them."""
    project = current_project()
    try:
        made = corrections.propose(
            actor=current_account(), project=project, draft=read_draft(project, body),
            after=body["after"], words=body["words"], at=now(),
        )  # fmt: skip
    except ReferralError as error:
        raise problem(error) from error
    db.session.commit()
    return _correction(made)


@api.call("GET", "/corrections/<public_id>", CorrectionShown)
@requires(RULES)
def correction(public_id: str) -> dict[str, Any]:
    """Show a correction and what it changes."""
    return _correction(_find(public_id))


@api.call("POST", "/corrections/<public_id>/confirm", CorrectionShown, errors=REFUSED)
@requires(RULES)
def confirm(public_id: str) -> dict[str, Any]:
    """Confirm what somebody else has proposed."""
    found = _find(public_id)
    try:
        corrections.confirm(
            actor=current_account(), project=current_project(), found=found, at=now()
        )
    except ReferralError as error:
        raise problem(error) from error
    db.session.commit()
    return _correction(found)


@api.call("POST", "/corrections/<public_id>/drop", CorrectionShown, errors=REFUSED)
@requires(RULES)
def drop(public_id: str) -> dict[str, Any]:
    """Give a correction up."""
    found = _find(public_id)
    try:
        corrections.drop(actor=current_account(), found=found)
    except ReferralError as error:
        raise problem(error) from error
    db.session.commit()
    return _correction(found)


def _listed(found: Campaign) -> dict[str, Any]:
    same = ("version", "title", "starts_at", "ends_at")
    return {"id": found.public_id, **{key: getattr(found, key) for key in same}}


def _trial(found: Trial) -> dict[str, Any]:
    figures = figures_of(found.found)
    sums = {
        f"{name}_{kind}": getattr(figures, name)[kind]
        for name in ("total", "given")
        for kind in ("points", "cash")
    }
    counts = (
        "leads", "lapsed", "cancelled", "rewards", "capped", "excluded", "unfunded", "unpriced",
    )  # fmt: skip
    shown = {"id": found.public_id, "stages": found.total, "stages_done": found.done}
    shown |= {"finished_at": found.finished_at} | sums
    return shown | {name: getattr(figures, name) for name in counts}


def _correction(found: Correction) -> dict[str, Any]:
    became = db.session.get(Campaign, found.campaign_id) if found.campaign_id else None
    return {
        "id": found.public_id,
        **{key: getattr(found, key) for key in ("state", "words", "starts_at")},
        **{key: found.effect[key] for key in ("leads", "changed")},
        "version": became.version if became else None,
    }


def _find(public_id: str) -> Correction:
    found = db.session.scalar(
        sa.select(Correction).where(
            Correction.public_id == public_id, Correction.project_id == current_project().id
        )
    )
    if found is None:
        raise NotFound
    return found
