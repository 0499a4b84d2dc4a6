"""The earning rules at the group centre: what counts, the draft, publishing, history, dry runs."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import Conflict, NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.club.queries import current_club
from portal.earning import drafting, finding, publishing, queries, words
from portal.earning.blueprint import blueprint
from portal.earning.books import read_book
from portal.earning.checks import Problem, problems_of
from portal.earning.drafting import BookError
from portal.earning.forms import ProposeForm, TryForm
from portal.earning.models import Book
from portal.earning.sentences import book_error, problem_text, rule_text
from portal.earning.trying import Tried, find_card, read_facts, read_fen, try_fact
from portal.exports import ExportFormat, export_file
from portal.extensions import db
from portal.facts.service import FactError, NewFact
from portal.i18n import gettext
from portal.projects.queries import all_projects

__all__ = ["blueprint"]

VIEW, EDIT, PUBLISH = "earning.view", "earning.edit", "earning.publish"
Page = str | tuple[str, int] | Response


class BookConflict(Conflict):
    """A 409 whose page says how the rules stand now."""

    def __init__(self, error: BookError) -> None:
        super().__init__()
        self.advice = book_error(error.code)


def the_draft() -> Book:
    """Return the draft; raises 404 when nobody writes one."""
    draft = queries.draft_book()
    if draft is None:
        raise NotFound
    return draft


@blueprint.get("/centre/earning")
@requires(VIEW)
def index() -> str:
    """Show the rules that were published last, and whether a draft is being written."""
    stands = queries.standing()
    book = stands.newest
    rows = queries.rule_rows(book) if book else []
    return render_template(
        "earning/index.html",
        book=book,
        listed=finding.listed(book, rows, request.args, all_projects()) if book else None,
        states=finding.STATES,
        draft=stands.draft,
        today=today(),
        words=words,
        rule_text=rule_text,
    )


@blueprint.get("/centre/earning/rules.<kind>")
@requires(VIEW)
def export(kind: str) -> Response:
    """Give the rules that are asked for as a file; they name nobody."""
    book = drafting.newest_published()
    if kind not in set(ExportFormat) or book is None:
        raise NotFound
    rows = finding.found(queries.rule_rows(book), finding.wanted(request.args))
    header = (
        gettext("Key"),
        gettext("Rule"),
        gettext("When this happens"),
        gettext("What it does"),
        gettext("Posted to"),
        gettext("Times"),
        gettext("Given so far"),
    )
    return export_file(
        name="earning-rules",
        kind=ExportFormat(kind),
        header=header,
        rows=finding.file_rows(rows),
    )


@blueprint.get("/centre/earning/versions")
@requires(VIEW)
def versions() -> str:
    """List every published version, the newest first."""
    return render_template("earning/versions.html", page=queries.books())


@blueprint.get("/centre/earning/versions/<public_id>")
@requires(VIEW)
def version(public_id: str) -> str:
    """Show one version and what it changed."""
    book = queries.find_book(public_id)
    if book is None or book.version is None:
        raise NotFound
    before = queries.book_before(book)
    rows = queries.rule_rows(book)
    return render_template(
        "earning/version.html",
        book=book,
        before=before,
        changes=queries.changes(before, book),
        listed=finding.listed(book, rows, request.args),
        states=finding.STATES,
        words=words,
        rule_text=rule_text,
    )


@blueprint.post("/centre/earning/draft/start")
@requires(EDIT)
def start() -> Response:
    """Begin a draft from the rules that were published last."""
    try:
        drafting.start_draft(actor=current_account())
    except BookError:
        db.session.rollback()
        flash(book_error("draft_exists"), "warning")
        return redirect(url_for("earning.draft"), 303)
    db.session.commit()
    return redirect(url_for("earning.draft"), 303)


@blueprint.get("/centre/earning/draft")
@requires(VIEW)
def draft() -> str:
    """Show the draft: its rules, what is wrong, what it changes, and publishing."""
    return draft_page(ProposeForm(formdata=None, begins_on=today()))


@blueprint.post("/centre/earning/draft/propose")
@requires(EDIT)
def propose() -> Page:
    """Ask a colleague to publish the draft from a day on."""
    book, form = the_draft(), ProposeForm()
    if not form.validate() or form.begins_on.data is None:
        return draft_page(form), 422
    try:
        publishing.propose(
            actor=current_account(),
            draft=book,
            begins_on=form.begins_on.data,
            note=form.note.data or "",
            correction=bool(form.correction.data),
        )
    except BookError as error:
        db.session.rollback()
        if error.code == "not_a_draft":
            raise BookConflict(error) from error
        field = form.note if error.code == "note_needed" else form.begins_on
        field.errors = [book_error(error.code)]
        return draft_page(form), 422
    db.session.commit()
    flash(gettext("Proposed. A colleague has to publish it."))
    return redirect(url_for("earning.draft"), 303)


@blueprint.post("/centre/earning/draft/publish")
@requires(PUBLISH)
def publish() -> Response:
    """Publish what a colleague proposed; whoever does it is its approver."""
    try:
        publishing.publish(
            actor=current_account(), draft=the_draft(), seen=request.form.get("seen", "")
        )
    except BookError as error:
        db.session.rollback()
        raise BookConflict(error) from error
    db.session.commit()
    flash(gettext("The rules are published."))
    return redirect(url_for("earning.index"), 303)


@blueprint.post("/centre/earning/draft/withdraw")
@requires(EDIT)
def withdraw() -> Response:
    """Take the proposal back: the draft is written on."""
    try:
        publishing.withdraw(actor=current_account(), draft=the_draft())
    except BookError as error:
        db.session.rollback()
        raise BookConflict(error) from error
    db.session.commit()
    flash(gettext("The draft is proposed no more."))
    return redirect(url_for("earning.draft"), 303)


@blueprint.post("/centre/earning/draft/discard")
@requires(EDIT)
def discard() -> Response:
    """Throw the draft away."""
    try:
        drafting.discard_draft(actor=current_account(), draft=the_draft())
    except BookError as error:
        db.session.rollback()
        raise BookConflict(error) from error
    db.session.commit()
    flash(gettext("The draft is thrown away; the published rules count on."))
    return redirect(url_for("earning.index"), 303)


@blueprint.route("/centre/earning/try", methods=["GET", "POST"])
@requires(VIEW)
def try_out() -> Page:
    """Ask what the rules would make of something that has not happened."""
    book = queries.draft_book()
    form = TryForm(data={"on": today()})
    if not form.is_submitted():
        return render_template("earning/try.html", form=form, draft=book, tried=None, words=words)
    tried = _tried(form, book if request.form.get("with") == "draft" else None)
    body = render_template("earning/try.html", form=form, draft=book, tried=tried, words=words)
    return body if tried is not None else (body, 422)


def _tried(form: TryForm, book: Book | None) -> list[Tried] | None:
    if not form.validate() or form.on.data is None:
        return None
    member = find_card(form.card.data or "")
    if member is None:
        form.card.errors = [gettext("No member has this card number.")]
        return None
    try:
        amount = read_fen(form.amount.data or "")
    except ValueError:
        form.amount.errors = [gettext("Write yuan such as 1280 or 1280.50.")]
        return None
    try:
        facts = read_facts(form.more.data or "")
    except ValueError:
        form.more.errors = [gettext("Write names and values, such as percent=30, days_late=3.")]
        return None
    new = NewFact(
        source=form.source.data,
        key=f"try:{form.idempotency_key.data}"[:60],
        business_date=form.on.data,
        member_id=member.id,
        amount=amount,
        category=form.category.data or "",
        facts=facts,
    )
    try:
        return try_fact(new=new, draft=read_book(book.id) if book else None)
    except FactError:
        form.amount.errors = [gettext("Such a fact cannot be: check the figures.")]
        return None


def draft_page(form: ProposeForm) -> str:
    """Render the draft with the form that publishes it."""
    stands = queries.standing()
    book, proposal, newest = stands.draft, stands.proposal, stands.newest
    if book is None:
        raise NotFound
    rows = queries.rule_rows(book)
    problems: dict[str, list[str]] = {}
    for problem in problems_of([row.rule.definition for row in rows]):
        problems.setdefault(problem.rule, []).append(_said(problem, rows))
    return render_template(
        "earning/draft.html",
        book=book,
        form=form,
        listed=finding.listed(book, rows, request.args),
        states=finding.STATES,
        problems=problems,
        faulty=[row.rule for row in rows if row.rule.key in problems],
        changes=queries.changes(newest, book),
        newest=newest,
        makers=queries.accounts([*book.maker_ids, *([proposal.made_by_id] if proposal else [])]),
        proposal=proposal,
        reader=current_account(),
        words=words,
        rule_text=rule_text,
    )


def _said(problem: Problem, rows: list[Any]) -> str:
    source = next((row.rule.source for row in rows if row.rule.key == problem.rule), "")
    return problem_text(problem, source)


def today() -> Any:
    """Return the club's today."""
    return clock.business_date(current_club().time_zone)
