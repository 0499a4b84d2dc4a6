"""What a member asks about their own data."""

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import get_locale
from werkzeug.exceptions import Gone, NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import member_only
from portal.accounts.confirmation import recently_confirmed
from portal.accounts.current import current_account
from portal.extensions import db
from portal.files.queries import path_of
from portal.files.storage import sendable
from portal.i18n import DEFAULT_LANGUAGE, gettext
from portal.members.current import current_member
from portal.privacy import queries, service
from portal.privacy.blueprint import blueprint
from portal.privacy.errors import PrivacyError, RequestStateError
from portal.privacy.forms import ErasureForm
from portal.privacy.models import PrivacyRequest, RequestKind, RequestReason
from portal.privacy.words import sentence

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response


@blueprint.get("/me/privacy")
@member_only
def show() -> Page:
    """Show what one may ask about one's data, and how one's requests stand."""
    return _show()


def _show() -> str:
    latest = queries.latest_requests(current_member().id)
    return render_template(
        "privacy/show.html",
        export=latest.get(RequestKind.EXPORT),
        erasure=latest.get(RequestKind.ERASURE),
        now=clock.now(),
    )


@blueprint.route("/me/privacy/export", methods=["GET", "POST"])
@member_only
@recently_confirmed
def export() -> Page:
    """Ask for a file with everything that is kept of one."""
    if request.method == "GET":
        return render_template("privacy/export.html")
    try:
        service.request_export(
            actor=current_account(),
            member=current_member(),
            language=str(get_locale() or DEFAULT_LANGUAGE),
        )
    except PrivacyError as error:
        db.session.rollback()
        flash(sentence(error.code), "error")
        return redirect(url_for("privacy.show"), 303)
    db.session.commit()
    flash(gettext("We are preparing your file. You find it here in a few minutes."))
    return redirect(url_for("privacy.show"), 303)


@blueprint.route("/me/privacy/exports/<public_id>", methods=["GET", "POST"])
@member_only
@recently_confirmed
def download(public_id: str) -> Page:
    """Show an export that is ready, and send its file to the member whose it is."""
    member = current_member()
    found = queries.request_of(member.id, public_id, RequestKind.EXPORT)
    if found is None:
        raise NotFound
    if request.method == "GET":
        return render_template("privacy/download.html", request_=found, now=clock.now())
    return send_export(found)


def send_export(found: PrivacyRequest) -> Response:
    """Send the file of one of the current member's exports, and note it. Raises 410."""
    try:
        file = service.note_download(
            actor=current_account(), member=current_member(), request=found
        )
    except RequestStateError:
        raise Gone from None
    db.session.commit()
    try:
        content = sendable(path_of(file))
    except FileNotFoundError:
        raise Gone from None
    answer = send_file(
        content,
        "application/zip",
        as_attachment=True,
        download_name=f"my-data-{found.created_at:%Y%m%d}.zip",
        max_age=0,
    )
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.route("/me/privacy/erase", methods=["GET", "POST"])
@member_only
@recently_confirmed
def erase() -> Page:
    """Show what an erasure takes away and what stays, and take the request."""
    member = current_member()
    form = ErasureForm()
    objections = queries.objections_to(member)
    if request.method == "GET" or objections or not form.validate():
        return _erase_page(form, objections, 422 if request.method == "POST" else 200)
    try:
        service.request_erasure(actor=current_account(), member=member)
    except PrivacyError as error:
        db.session.rollback()
        flash(sentence(error.code), "error")
        return redirect(url_for("privacy.show"), 303)
    db.session.commit()
    flash(gettext("Your request is noted. Until the day you can cancel it here."))
    return redirect(url_for("privacy.show"), 303)


@blueprint.post("/me/privacy/requests/<public_id>/cancel")
@member_only
def cancel(public_id: str) -> Page:
    """Cancel one of one's own requests."""
    member = current_member()
    found = queries.request_of(member.id, public_id, RequestKind.ERASURE) or queries.request_of(
        member.id, public_id, RequestKind.EXPORT
    )
    if found is None:
        raise NotFound
    try:
        service.cancel(actor=current_account(), request=found, reason=RequestReason.CHANGED_MIND)
    except RequestStateError:
        db.session.rollback()
        flash(gettext("This request is over already."), "error")
        return _show(), 409
    db.session.commit()
    flash(gettext("The request is cancelled. Nothing was erased."))
    return redirect(url_for("privacy.show"), 303)


def _erase_page(form: ErasureForm, objections: list[str], status: int) -> tuple[str, int]:
    gone, kept = queries.notes_for(current_member())
    body = render_template(
        "privacy/erase.html",
        form=form,
        objections=objections,
        gone=gone,
        kept=kept,
        days=queries.waiting_days(),
    )
    return body, status
