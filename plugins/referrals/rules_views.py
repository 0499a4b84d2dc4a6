"""The staff's pages of rules in versions, and of the numbers that the sales office knows."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.referrals import queries, rules
from plugins.referrals.blueprint import staff
from plugins.referrals.corrections import service as corrections
from plugins.referrals.corrections.drafts import unpack
from plugins.referrals.corrections.staff_views import waiting
from plugins.referrals.earning import lines_of
from plugins.referrals.errors import ReferralError
from plugins.referrals.exclusions import hash_of
from plugins.referrals.forms import KnownForm, RulesForm
from plugins.referrals.models import KnownCustomer
from plugins.referrals.trials import service as trials
from plugins.referrals.trials.queries import find_trial, latest_trials
from plugins.referrals.words import REFUSALS, STATUS
from portal.sdk import (
    PhoneError,
    business_date,
    current_account,
    current_project,
    db,
    gettext,
    ngettext,
    normalize_phone,
    now,
    record,
    requires,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
RULES, SALE = "referrals.rules", "referrals.sales"


@staff.get("/p/<project>/staff/referrals/rules")
@requires(RULES)
def versions() -> str:
    """List the versions of the rules, the newest first."""
    project = current_project()
    return render_template(
        "referrals/rules_index.html",
        page=queries.versions(project.id),
        current=rules.rules_now(project.id, now()),
        corrections=waiting(project.id),
        trials=latest_trials(project.id),
        at=now(),
    )


@staff.route("/p/<project>/staff/referrals/rules/new", methods=["GET", "POST"])
@requires(RULES)
def write() -> Page:
    """Write the next version of the rules, or go on with a draft that was tried."""
    if request.method == "GET":
        return _begin()
    form, project = RulesForm(), current_project()
    seen = request.form.get("after", "")
    if not form.validate_on_submit():
        return _editor(form, seen), 422
    values: dict[str, Any] = {
        "actor": current_account(), "project": project, "draft": form.draft(project),
        "after": int(seen) if seen.isdecimal() and len(seen) < 9 else -1,
    }  # fmt: skip
    if "try" in request.form:
        tried = trials.ask(**values, today=business_date(project.time_zone))
        db.session.commit()
        return redirect(url_for("referrals_staff.trial", public_id=tried.public_id), 303)
    values["at"] = now()
    try:
        if "correct" in request.form:
            words = request.form.get("words", "").strip()
            proposed = corrections.propose(**values, words=words)
            db.session.commit()
            flash(gettext("The correction is proposed. Somebody else has to confirm it."))
            where = url_for("referrals_staff.correction", public_id=proposed.public_id)
            return redirect(where, 303)
        made = rules.write_version(**values)
    except ReferralError as error:
        db.session.rollback()
        form.form_errors.append(str(REFUSALS[error.code]))
        newer = rules.newest(project.id)
        past = error.code in ("PAST", "NO_REASON")
        page = _editor(form, str(newer.version if newer else 0), past=past)
        return page, STATUS.get(error.code, 409)
    db.session.commit()
    flash(gettext("Version %(version)s is saved.", version=made.version))
    return redirect(url_for("referrals_staff.versions"), 303)


def _begin() -> str:
    form, project = RulesForm(), current_project()
    if "trial" in request.args:
        tried = find_trial(project.id, request.args["trial"])
        if tried is None:
            raise NotFound
        form.show_draft(unpack(tried.draft), project)
        return _editor(form, str(tried.after))
    found = rules.newest(project.id)
    form.show(found, lines_of(found) if found else [], project)
    return _editor(form, str(found.version if found else 0))


@staff.get("/p/<project>/staff/referrals/rules/<public_id>")
@requires(RULES)
def version(public_id: str) -> str:
    """Show one version of the rules."""
    found = queries.version(current_project().id, public_id)
    if found is None:
        raise NotFound
    return render_template(
        "referrals/rules_show.html", rules=found, lines=lines_of(found), at=now()
    )


@staff.route("/p/<project>/staff/referrals/known", methods=["GET", "POST"])
@requires(SALE)
def known() -> Page:
    """Enter numbers that the sales office knows; only their keyed hashes are kept."""
    form, project = KnownForm(), current_project()
    if request.method == "GET":
        form.seen_on.data = business_date(project.time_zone)
    if not form.validate_on_submit():
        return _known(form), 422 if form.errors else 200
    on = form.seen_on.data
    if on is None or on > business_date(project.time_zone):
        form.seen_on.errors = [str(REFUSALS["FUTURE"])]
        return _known(form), 422
    numbers, bad = _read(form.numbers.data or "")
    if bad:
        form.numbers.errors = [
            gettext("These lines are no mobile numbers: %(lines)s", lines=", ".join(bad[:20]))
        ]
        return _known(form), 422
    _keep(numbers, form.seen.data, on)
    db.session.commit()
    flash(ngettext("%(num)d number is kept.", "%(num)d numbers are kept.", len(numbers)))
    return redirect(url_for("referrals_staff.known"), 303)


def _read(text: str) -> tuple[set[str], list[str]]:
    """Return the numbers, and the lines (counted from 1) that are none."""
    numbers, bad = set(), []
    for place, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            numbers.add(normalize_phone(line))
        except PhoneError:
            bad.append(str(place))
    return numbers, bad


def _keep(numbers: set[str], seen: str, on: date) -> None:
    project = current_project()
    for number in sorted(numbers):
        values: dict[str, Any] = {
            "project_id": project.id, "phone_hash": hash_of(number), "seen": seen,
        }  # fmt: skip
        later = sa.case((KnownCustomer.seen_on > on, KnownCustomer.seen_on), else_=on)
        done = db.session.execute(
            sa.update(KnownCustomer)
            .filter_by(**values)
            .values(seen_on=later)
            .execution_options(synchronize_session=False)
        )
        if not getattr(done, "rowcount", 0):
            db.session.add(KnownCustomer(**values, seen_on=on))
    record(
        actor=current_account(),
        action="referrals.known_entered",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"seen": seen, "numbers": len(numbers)},
    )


def _known(form: KnownForm) -> str:
    counts = queries.known_customers(current_project().id)
    return render_template("referrals/known.html", form=form, counts=counts)


def _editor(form: RulesForm, after: str, *, past: bool = False) -> str:
    return render_template(
        "referrals/rules_edit.html",
        form=form,
        after=after,
        past=past,
        reason=request.form.get("words", ""),
    )
