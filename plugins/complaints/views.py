"""The owners' pages: the forum, one complaint, handing one in, deciding about a solution."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.complaints import clocks, identity, posting, queries, text
from plugins.complaints.blueprint import blueprint
from plugins.complaints.errors import CaseError
from plugins.complaints.filters import OWNER_FILTERS, ListFilter
from plugins.complaints.forms import (
    PHOTOS_MOST,
    REPLY_PHOTOS_MOST,
    ComplaintForm,
    ReplyForm,
)
from plugins.complaints.identity import Reader
from plugins.complaints.joining import service as joining
from plugins.complaints.models import Case, Post
from plugins.complaints.queries import Whole
from plugins.complaints.states import LIVE
from plugins.complaints.verifying import home_first
from plugins.complaints.words import REFUSALS
from portal.sdk import (
    current_member,
    current_project,
    db,
    gettext,
    homes_of,
    member_only,
    now,
    plugin_settings,
    takes_files,
)

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
STATUS = dict.fromkeys(("OWN_CASE", "NOT_YOURS", "LOCKED", "MUTED", "SUSPENDED", "OWN_WORDS"), 403)
STATUS |= {"TOO_MANY": 429, "RAISED": 403, "NO_MERGE": 422}


@blueprint.get("/p/<project>/complaints/")
@member_only
def index() -> str:
    """List the complaints that the member may see, the latest words first."""
    reader, project = _reader(), current_project()
    wanted = ListFilter.read(request.args, OWNER_FILTERS)
    page = queries.threads(project.id, reader, wanted)
    return render_template("complaints/index.html", page=page, wanted=wanted, reader=reader)


@blueprint.route("/p/<project>/complaints/new", methods=["GET", "POST"])
@member_only
@takes_files(PHOTOS_MOST)
def new() -> Page:
    """Ask for one sentence, show similar complaints, then take the whole of it."""
    member, project = current_member(), current_project()
    homes = homes_of(member, project)
    if not homes:
        return home_first()
    form, title = ComplaintForm(), request.args.get("title", "").strip()[: text.TITLE_MOST]
    title = title.replace("\0", "")
    if request.method == "GET" and not title:
        return render_template("complaints/begin.html")
    form.offer(queries.categories(project.id), homes)
    if request.method == "GET":
        form.title.data = title
        found = queries.similar(project.id, _reader(), title)
        calendar = clocks.calendar_of(project)
        hours = plugin_settings("complaints", project)["first_reply_hours"]
        first = calendar.deadline(now(), hours * 60)
        return render_template("complaints/new.html", form=form, similar=found, first=first)
    if not form.validate_on_submit():
        return render_template("complaints/new.html", form=form, similar=(), first=None), 422
    try:
        made = posting.submit(
            member=member, project=project, draft=form.draft(), pictures=form.photos.data
        )
    except CaseError as error:
        db.session.rollback()
        form.form_errors.append(str(REFUSALS[error.code]))
        page = render_template("complaints/new.html", form=form, similar=(), first=None)
        return page, STATUS.get(error.code, 403)
    db.session.commit()
    flash(gettext("Handed in. The clock runs from now on."))
    return redirect(url_for("complaints.show", public_id=made.public_id), 303)


@blueprint.get("/p/<project>/complaints/<public_id>")
@member_only
def show(public_id: str) -> str:
    """Show a complaint: words, official answers, clocks, what happened."""
    return case_page(public_id)


@blueprint.get("/p/<project>/complaints/<public_id>/history")
@member_only
def history(public_id: str) -> str:
    """Show what was said before it was changed."""
    case, reader = find_shown(public_id), _reader()
    edits = queries.edits(case, reader)
    log = queries.log_of(case)
    return render_template("complaints/history.html", case=case, edits=edits, log=log)


@blueprint.post("/p/<project>/complaints/<public_id>/reply")
@member_only
@takes_files(REPLY_PHOTOS_MOST)
def reply(public_id: str) -> Page:
    """Say something in the thread."""
    case, member, project = find_shown(public_id), current_member(), current_project()
    if not homes_of(member, project):
        return home_first()
    form = ReplyForm()
    form.for_ring(case.ring)
    if not form.validate_on_submit():
        return case_page(public_id, reply_form=form), 422
    quoted = queries.post(case, form.quote.data or "") if form.quote.data else None

    def act() -> None:
        posting.reply(
            case_id=case.id,
            member=member,
            project=project,
            body=form.body.data or "",
            quote_id=quoted.id if quoted else None,
            pictures=form.photos.data,
        )

    return done(public_id, act, gettext("Your reply is there."))


@blueprint.route("/p/<project>/complaints/<public_id>/edit", methods=["GET", "POST"])
@member_only
def edit(public_id: str) -> Page:
    """Change one's own complaint, or a reply of one's own (`?post=`)."""
    case, member = find_shown(public_id), current_member()
    changed: Case | Post = case
    if request.args.get("post"):
        found = queries.post(case, request.args["post"][:22])
        if found is None:
            raise NotFound
        changed = found
    if changed.member_id != member.id or case.state not in LIVE:
        raise NotFound
    form = ReplyForm()
    form.for_ring(case.ring)
    if request.method == "GET":
        form.body.data = changed.body
    if not form.validate_on_submit():
        page = render_template("complaints/edit.html", form=form, case=case)
        return page, 422 if form.errors else 200

    def act() -> None:
        posting.change_words(
            case_id=case.id,
            member=member,
            project=current_project(),
            body=form.body.data or "",
            post_id=changed.id if isinstance(changed, Post) else None,
        )

    return done(public_id, act, gettext("Saved. What it said before stays in its history."))


@blueprint.post("/p/<project>/complaints/<public_id>/me-too")
@member_only
def me_too(public_id: str) -> Page:
    """Say that one's household has the same trouble; once, however often it is pressed."""
    case, member = find_shown(public_id), current_member()
    if not homes_of(member, current_project()):
        return home_first()
    project = current_project()

    def act() -> None:
        posting.me_too(case_id=case.id, member=member, project=project)

    return done(public_id, act, gettext("Your household is counted."))


@blueprint.post("/p/<project>/complaints/<public_id>/not-me")
@member_only
def not_me(public_id: str) -> Page:
    """Take one's household out again."""
    case, member = find_shown(public_id), current_member()
    act = lambda: posting.not_me(case_id=case.id, member=member)  # noqa: E731 - one call
    return done(public_id, act, gettext("Your household is not counted any more."))


def done(public_id: str, act: Callable[[], object], said: str) -> Page:
    """Do something to a complaint and show it again; a refusal is shown on its page."""
    try:
        act()
    except CaseError as error:
        db.session.rollback()
        return case_page(public_id, refused=error.code), STATUS.get(error.code, 409)
    db.session.commit()
    flash(said)
    return redirect(url_for("complaints.show", public_id=public_id), 303)


def case_page(
    public_id: str,
    *,
    refused: str = "",
    reply_form: ReplyForm | None = None,
    decision: Any = None,
) -> str:
    """Return the page of a complaint, with what was typed and why it was refused."""
    reader = _reader()
    whole = _whole(public_id, reader)
    if not identity.sees_words(whole.case, reader):
        return render_template("complaints/veiled.html", case=whole.case)
    return render_template(
        "complaints/show.html",
        case=whole.case,
        whole=whole,
        reader=reader,
        own=reader.owns(whole.case),
        page=queries.posts(whole.case, notes=False),
        promises=whole.promises,
        into=queries.merged_into(whole.case),
        may_object=joining.may_object(whole.case, current_member()),
        refused=REFUSALS.get(refused),
        reply_form=reply_form or ReplyForm(formdata=None),
        decision=decision,
        live=whole.case.state in LIVE,
        at=now(),
    )


def _reader() -> Reader:
    return Reader(member=current_member())


def find_shown(public_id: str) -> Case:
    """Return a complaint of the project whose words the member may read; raises NotFound."""
    reader = _reader()
    found = queries.find(current_project().id, reader, public_id)
    if found is None or not identity.sees_words(found, reader):
        raise NotFound
    return found


def _whole(public_id: str, reader: Reader) -> Whole:
    found = queries.find_whole(current_project().id, reader, public_id)
    if found is None:
        raise NotFound
    return found
