"""Writing one rule of the draft by a form, and taking one out."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.earning import drafting, queries
from portal.earning.blueprint import blueprint
from portal.earning.checks import rule_problems
from portal.earning.drafting import BookError
from portal.earning.forms import RuleForm
from portal.earning.models import Rule
from portal.earning.sentences import book_error, condition_words, problem_text
from portal.earning.staff_views import EDIT, BookConflict, Page, the_draft
from portal.earning.writing import definition_of, form_data, ways_of
from portal.extensions import db
from portal.i18n import gettext

__all__ = ["blueprint"]


@blueprint.route("/centre/earning/draft/new-rule", methods=["GET", "POST"])
@requires(EDIT)
def rule_new() -> Page:
    """Write a new rule into the draft."""
    the_draft()
    return _write(RuleForm(data={"to": ["redeemable"]}), None)


@blueprint.route("/centre/earning/draft/rules/<name>", methods=["GET", "POST"])
@requires(EDIT)
def rule_edit(name: str) -> Page:
    """Change a rule of the draft."""
    rule = queries.find_rule(the_draft(), name)
    if rule is None:
        raise NotFound
    return _write(RuleForm(data=form_data(rule.definition)), rule)


@blueprint.post("/centre/earning/draft/rules/<name>/retire")
@requires(EDIT)
def rule_retire(name: str) -> Response:
    """Take a rule out of the draft."""
    draft = the_draft()
    if queries.find_rule(draft, name) is None:
        raise NotFound
    try:
        drafting.remove_rule(actor=current_account(), draft=draft, key=name)
    except BookError as error:
        db.session.rollback()
        raise BookConflict(error) from error
    db.session.commit()
    flash(gettext("The rule is taken out of the draft; it counts until that is published."))
    return redirect(url_for("earning.draft"), 303)


def _write(form: RuleForm, rule: Rule | None) -> Page:
    when = rule.definition.get("when") if rule else None
    kept = when if ways_of(when) is None else None
    if form.is_submitted() and "more" in request.form:
        form.make_room()
        return _page(form, rule, kept=kept, status=200)
    if not form.validate_on_submit():
        return _page(form, rule, kept=kept)
    definition = definition_of(form, when)
    if definition is None:
        return _page(form, rule, kept=kept)
    problems = rule_problems(definition)
    if problems:
        said = [problem_text(problem, definition["source"]) for problem in problems]
        form.form_errors = [*form.form_errors, *said]
        return _page(form, rule, kept=kept)
    try:
        drafting.save_rule(
            actor=current_account(),
            draft=the_draft(),
            definition=definition,
            old_key=rule.key if rule else None,
        )
    except BookError as error:
        db.session.rollback()
        if error.code == "not_a_draft":
            raise BookConflict(error) from error
        form.key.errors = [book_error(error.code)]
        return _page(form, rule, kept=kept)
    db.session.commit()
    flash(gettext("The rule is in the draft."))
    return redirect(url_for("earning.draft"), 303)


def _page(
    form: RuleForm, rule: Rule | None, *, kept: Mapping[str, Any] | None, status: int = 422
) -> Page:
    nested = condition_words(rule.source, kept) if rule and kept else ""
    body = render_template("earning/rule.html", form=form, rule=rule, nested=nested)
    return (body, status) if request.method == "POST" else body
