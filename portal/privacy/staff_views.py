"""The staff's pages on requests about data, and on how long the club keeps what."""

from collections.abc import Iterator, Sequence

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.audit.service import record
from portal.exports import ExportFormat, export_file
from portal.extensions import db, read_only
from portal.i18n import gettext, localized
from portal.members.models import Member
from portal.pagination import page_of
from portal.privacy import queries, retention, service
from portal.privacy.blueprint import blueprint
from portal.privacy.errors import PrivacyError, RequestStateError
from portal.privacy.forms import StartForm, StopForm, terms_form
from portal.privacy.models import PrivacyRequest, RequestKind, RequestReason, RequestState
from portal.privacy.words import KIND_TITLES, REASON_TITLES, STATE_TITLES, sentence
from portal.projects.current import current_project

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
_BATCH = 500


@blueprint.get("/centre/privacy")
@requires("privacy.manage")
def staff_list() -> str:
    """Show the requests of the whole club, the newest first."""
    kind, state = _filter()
    page = page_of(
        queries.requests(kind, state),
        PrivacyRequest.created_at,
        PrivacyRequest.id,
        descending=True,
    )
    return render_template(
        "privacy/staff_list.html",
        page=page,
        kind=kind,
        state=state,
        kinds=KIND_TITLES,
        states=STATE_TITLES,
    )


@blueprint.post("/centre/privacy/export.<kind>")
@requires("privacy.manage")
def staff_export(kind: str) -> Response:
    """Send the filtered requests as a file."""
    if kind not in set(ExportFormat):
        raise NotFound
    wanted, state = _filter()
    record(
        actor=current_account(),
        action="privacy.list_exported",
        subject=("club", "1"),
        project_id=None,
        facts={"format": kind, "kind": wanted, "state": state},
    )
    db.session.commit()
    read_only.set(True)
    header = [
        gettext("Asked"),
        gettext("Request"),
        gettext("Member"),
        gettext("Project"),
        gettext("State"),
        gettext("Due"),
        gettext("Finished"),
    ]
    return export_file(
        name=f"privacy-{clock.now():%Y%m%d}",
        kind=ExportFormat(kind),
        header=header,
        rows=_lines(wanted, state),
    )


@blueprint.get("/centre/privacy/<public_id>")
@requires("privacy.manage")
def staff_show(public_id: str) -> Page:
    """Show a request: its state, its history, and what may be done."""
    return _show(_find(public_id), StopForm(formdata=None))


@blueprint.post("/centre/privacy/<public_id>/confirm")
@requires("privacy.manage")
def staff_confirm(public_id: str) -> Page:
    """Confirm an erasure that somebody else of the staff asked for."""
    found = _find(public_id)
    try:
        service.confirm_erasure(actor=current_account(), request=found)
    except (PrivacyError, RequestStateError) as error:
        return _refused(found, error)
    db.session.commit()
    flash(gettext("Confirmed. The waiting period has begun."))
    return redirect(url_for("privacy.staff_show", public_id=public_id), 303)


@blueprint.post("/centre/privacy/<public_id>/stop")
@requires("privacy.manage")
def staff_stop(public_id: str) -> Page:
    """Stop an erasure, with a reason."""
    found, form = _find(public_id), StopForm()
    if found.kind != RequestKind.ERASURE:
        raise NotFound
    if not form.validate():
        return _show(found, form, 422)
    try:
        service.cancel(
            actor=current_account(),
            request=found,
            reason=RequestReason(form.reason.data),
            note=form.note.data or "",
        )
    except RequestStateError as error:
        return _refused(found, error)
    db.session.commit()
    flash(gettext("The erasure is stopped. The member keeps everything."))
    return redirect(url_for("privacy.staff_show", public_id=public_id), 303)


@blueprint.route("/centre/privacy/terms", methods=["GET", "POST"])
@requires("privacy.manage")
def terms() -> Page:
    """Show and change how long an erasure waits and how long rows are kept."""
    rules = queries.retention_rules()
    now = queries.current_terms(rules)
    values = {f"days_{key}": days for key, days in now.days.items()}
    form = terms_form(rules, data={"waiting_days": now.waiting_days, **values})
    if not form.validate_on_submit():
        body = render_template("privacy/terms.html", form=form, rules=rules, over=retention.look())
        return body, 422 if form.errors else 200
    changed = service.change_terms(
        actor=current_account(),
        waiting=form.waiting_days.data or 0,
        days={rule.key: form[f"days_{rule.key}"].data for rule in rules},
    )
    db.session.commit()
    flash(gettext("The terms are saved.") if changed else gettext("Nothing was changed."))
    return redirect(url_for("privacy.terms"), 303)


@blueprint.route("/p/<project>/staff/members/<public_id>/erasure", methods=["GET", "POST"])
@requires("privacy.manage")
def staff_start(public_id: str) -> Page:
    """Ask for the erasure of a member of this project, on the member's word."""
    project = current_project()
    member = queries.member_in(project.id, public_id)
    if member is None:
        raise NotFound
    form = StartForm()
    if form.validate_on_submit():
        try:
            service.start_erasure(
                actor=current_account(),
                member=member,
                project=project,
                reason=RequestReason(form.reason.data),
                note=form.note.data or "",
            )
        except PrivacyError as error:
            db.session.rollback()
            form.form_errors.append(sentence(error.code))
        else:
            db.session.commit()
            flash(gettext("Noted. Somebody else with this right confirms it in the group centre."))
            return redirect(url_for("members.staff_show", public_id=public_id), 303)
    gone, kept = queries.notes_for(member)
    body = render_template(
        "privacy/staff_start.html",
        form=form,
        subject=member,
        gone=gone,
        kept=kept,
        objections=queries.objections_to(member),
        standing=queries.open_erasure(member.id),
        days=queries.waiting_days(),
    )
    return body, 422 if request.method == "POST" else 200


def _filter() -> tuple[str, str]:
    kind, state = request.args.get("kind", ""), request.args.get("state", "")
    return (
        kind if kind in set(RequestKind) else "",
        state if state == "open" or state in set(RequestState) else "",
    )


def _find(public_id: str) -> PrivacyRequest:
    found = queries.find_request(public_id)
    if found is None:
        raise NotFound
    return found


def _show(found: PrivacyRequest, form: StopForm, status: int = 200) -> tuple[str, int]:
    body = render_template(
        "privacy/staff_show.html",
        request_=found,
        history=queries.history_of(found.id),
        form=form,
        reason_titles=REASON_TITLES,
        may_confirm=current_account().id not in (found.started_by_id, found.member.account_id),
    )
    return body, status


def _refused(found: PrivacyRequest, error: PrivacyError | RequestStateError) -> tuple[str, int]:
    db.session.rollback()
    if isinstance(error, PrivacyError):
        flash(sentence(error.code), "error")
        return _show(found, StopForm(formdata=None), 409)
    state = STATE_TITLES[error.state]
    flash(gettext("Somebody was faster. It stands now at: %(state)s", state=state), "error")
    return _show(_find(found.public_id), StopForm(formdata=None), 409)


def _lines(kind: str, state: str) -> Iterator[Sequence[object]]:
    statement = (
        queries.requests(kind, state)
        .options(joinedload(PrivacyRequest.member, innerjoin=True).load_only(Member.name))
        .order_by(PrivacyRequest.created_at.desc(), PrivacyRequest.id.desc())
        .execution_options(yield_per=_BATCH)
    )
    for row in db.session.scalars(statement):
        yield (
            row.created_at.strftime("%Y-%m-%d %H:%M:%S"),
            str(KIND_TITLES[row.kind]),
            row.member.name,
            localized(row.project.name) if row.project else "",
            str(STATE_TITLES[row.state]),
            row.due_at.strftime("%Y-%m-%d %H:%M:%S") if row.due_at else "",
            row.finished_at.strftime("%Y-%m-%d %H:%M:%S") if row.finished_at else "",
        )
