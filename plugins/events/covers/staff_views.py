"""The staff's page of an activity's own cover."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import Length

from plugins.events import queries
from plugins.events.blueprint import staff
from plugins.events.covers import service
from plugins.events.errors import EventError
from plugins.events.models import Occurrence
from plugins.events.staff_views import MANAGE, IllegalStepError
from plugins.events.states import EDITABLE
from portal.sdk import (
    LANGUAGES,
    PicturesField,
    TextsForm,
    current_account,
    current_project,
    db,
    gettext,
    lazy,
    requires,
    takes_files,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
_MAIN = "zh_Hans_CN"


class CoverForm(TextsForm):
    """A picture, and what it shows in each language."""

    picture = PicturesField(lazy("Picture"), most=1)


for _language in LANGUAGES:
    _words = StringField(lazy("What the picture shows"), [Length(max=120)])
    setattr(CoverForm, f"alt_{_language}", _words)


@staff.route("/p/<project>/staff/events/<public_id>/cover", methods=["GET", "POST"])
@requires(MANAGE)
@takes_files(1)
def own_cover(public_id: str) -> Page:
    """Show and change the activity's own cover."""
    occurrence, form = _find(public_id), CoverForm()
    if request.method == "GET":
        form.fill_texts("alt", occurrence.event.picture_alt)
    if request.form.get("do") == "remove":
        return _kept(public_id, None)
    if not form.validate_on_submit():
        return _page(form, _find(public_id)), 422 if form.errors else 200
    has = bool(form.picture.data) or _find(public_id).event.picture_key is not None
    if not has:
        form.picture.errors = [*form.picture.errors, gettext("Choose a picture.")]
    if not form.texts("alt").get(_MAIN):
        field = form[f"alt_{_MAIN}"]
        field.errors = [*field.errors, gettext("Write it in Simplified Chinese at least.")]
    if form.errors:
        return _page(form, _find(public_id)), 422
    return _kept(public_id, form)


def _kept(public_id: str, form: CoverForm | None) -> Response:
    occurrence, actor = _find(public_id), current_account()
    try:
        if form is None:
            service.remove_cover(actor=actor, occurrence=occurrence)
        else:
            service.set_cover(
                actor=actor,
                project=current_project(),
                occurrence=occurrence,
                picture=next(iter(form.picture.data), None),
                alt=form.texts("alt"),
            )
    except EventError as error:
        db.session.rollback()
        raise IllegalStepError(error) from error
    db.session.commit()
    flash(gettext("Saved."))
    return redirect(url_for("events_staff.own_cover", public_id=public_id), 303)


def _page(form: CoverForm, occurrence: Occurrence) -> str:
    return render_template(
        "events/staff_cover.html",
        form=form,
        occurrence=occurrence,
        editable=occurrence.state in EDITABLE,
    )


def _find(public_id: str) -> Occurrence:
    found = queries.find(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
