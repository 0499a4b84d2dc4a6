"""The staff's pages of rewards: approve, hold, release, the budgets, the list as a file."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.referrals import budgets, earning, posting, reward_queries
from plugins.referrals.blueprint import staff
from plugins.referrals.codes import show_code
from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Lead, Referrer
from plugins.referrals.models.rewards import Kind, Reward, RewardState
from plugins.referrals.reward_forms import UNITS, BudgetForm, shown
from plugins.referrals.words import REFUSALS, REWARD_STATES, SIDES, STATES, STATUS
from portal.sdk import (
    ExportFormat,
    MemberRef,
    business_date,
    current_account,
    current_project,
    db,
    export_file,
    find_members,
    gettext,
    ngettext,
    record,
    requires,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
PAY, RULES = "referrals.pay", "referrals.rules"
AT_ONCE = 100


@staff.get("/p/<project>/staff/referrals/rewards")
@requires(PAY)
def rewards() -> str:
    """List the rewards: what waits for an approval first."""
    return _list()


@staff.post("/p/<project>/staff/referrals/rewards/approve")
@requires(PAY)
def approve() -> Page:
    """Approve the rewards that were ticked; those of one's own making stay as they are."""
    return _each(posting.approve)


@staff.post("/p/<project>/staff/referrals/rewards/release")
@requires(PAY)
def release() -> Page:
    """Let the held rewards go on that were ticked, where there is room now."""
    return _each(earning.release)


@staff.route("/p/<project>/staff/referrals/budgets", methods=["GET", "POST"])
@requires(RULES)
def budget() -> Page:
    """Show the budgets and what is left of them, and set one."""
    form, project = BudgetForm(), current_project()
    if request.method == "GET":
        form.starts_on.data = business_date(project.time_zone)
    if not form.validate_on_submit() or form.starts_on.data is None or form.amount.data is None:
        return _budgets(form), 422 if form.errors else 200
    kind = Kind(form.kind.data)
    try:
        budgets.write_budget(
            actor=current_account(),
            project=project,
            kind=kind,
            starts_on=form.starts_on.data,
            amount=int(form.amount.data * UNITS[kind]),
        )
    except ReferralError as error:
        db.session.rollback()
        form.form_errors.append(str(REFUSALS[error.code]))
        return _budgets(form), STATUS[error.code]
    db.session.commit()
    flash(gettext("The budget is saved."))
    return redirect(url_for("referrals_staff.budget"), 303)


@staff.post("/p/<project>/staff/referrals/rewards/export.<kind>")
@requires(PAY)
def export_rewards(kind: str) -> Response:
    """Send the rewards as filtered as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    project, (state, of_kind) = current_project(), _wanted()
    rows = table(list(reward_queries.all_rewards(project.id, state, of_kind)))
    record(
        actor=current_account(),
        action="referrals.exported",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"format": kind, "rows": len(rows), "of": "rewards"},
    )
    db.session.commit()
    name = f"rewards-{project.slug}"
    return export_file(name=name, kind=ExportFormat(kind), header=header(), rows=rows)


def header() -> tuple[str, ...]:
    """Return the headings of rewards in a file."""
    return (
        gettext("Code of the lead"), gettext("Who gets it"), gettext("Name"), gettext("Stage"),
        gettext("Earned on"), gettext("Kind of reward"), gettext("Reward amount"), gettext("State"),
    )  # fmt: skip


def table(found: list[tuple[Reward, Lead, Referrer]]) -> list[tuple[object, ...]]:
    """Return rewards as the rows of a file, amounts in points or yuan."""
    members = owners(found)
    return [
        (
            show_code(lead.pass_code),
            str(SIDES[reward.beneficiary]),
            lead.name if reward.beneficiary == "friend" else members[referrer.member_id].name,
            str(STATES[reward.line.stage][0]),
            reward.earned_on,
            gettext("Points") if reward.kind == Kind.POINTS else gettext("Cash (yuan)"),
            float(shown(reward.kind, reward.amount)),
            str(REWARD_STATES[reward.state][0]),
        )
        for reward, lead, referrer in found
    ]


def owners(found: Any, place: int = 2) -> dict[int, MemberRef]:
    """Return the owners of rewards by their ids. `place`: where a row has its referrer."""
    ids = sorted({row[place].member_id for row in found})
    return {
        id_: member
        for start in range(0, len(ids), 500)
        for id_, member in find_members(ids[start : start + 500]).items()
    }


def _each(act: Callable[..., None]) -> Page:
    """Do something with every reward that was ticked, each by itself."""
    project = current_project()
    chosen = reward_queries.found_rewards(project.id, request.form.getlist("reward")[:AT_ONCE])
    refused: set[str] = set()
    count = 0
    for reward in chosen:
        try:
            with db.session.begin_nested():
                act(actor=current_account(), project=project, reward=reward)
            if reward.state == RewardState.HELD:
                refused.add(reward.reason)
            else:
                count += 1
        except ReferralError as error:
            refused.add(error.code)
    db.session.commit()
    for code in sorted(refused):
        flash(str(REFUSALS[code]), "warning")
    if not chosen:
        flash(gettext("Tick the rewards that you mean."), "warning")
    if count:
        flash(ngettext("%(num)d reward is done.", "%(num)d rewards are done.", count))
    state, kind = _wanted()
    return redirect(url_for("referrals_staff.rewards", state=state or None, kind=kind or None), 303)


def _wanted() -> tuple[str, str]:
    state, kind = request.args.get("state", ""), request.args.get("kind", "")
    return state if state in set(RewardState) else "", kind if kind in set(Kind) else ""


def _list() -> str:
    project, (state, kind) = current_project(), _wanted()
    page = reward_queries.rewards(project.id, state, kind)
    return render_template(
        "referrals/rewards.html",
        page=page,
        state=state,
        kind=kind,
        members=owners(page.items),
        sums=reward_queries.sums(project.id),
        own_id=current_account().id,
    )


def _budgets(form: BudgetForm) -> str:
    found = reward_queries.budgets(current_project().id)
    return render_template("referrals/budgets.html", form=form, budgets=found)
