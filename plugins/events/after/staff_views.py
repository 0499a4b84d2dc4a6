"""The staff's page around an activity: reminders, thanks, the survey, photos."""

from flask import flash, redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events import queries as activities
from plugins.events.after.forms import PHOTOS_MOST, CareForm, PhotosForm
from plugins.events.after.models import Care
from plugins.events.after.plan import Plan
from plugins.events.after.queries import OVER, PHOTO, care_of
from plugins.events.blueprint import staff
from plugins.events.models import Occurrence
from portal.sdk import (
    current_account,
    current_project,
    db,
    delete_files,
    files_of,
    gettext,
    ngettext,
    plugin_settings,
    record,
    requires,
    store_picture,
    takes_files,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
MANAGE = "events.manage"


@staff.route("/p/<project>/staff/events/<public_id>/care", methods=["GET", "POST"])
@requires(MANAGE)
def care(public_id: str) -> Page:
    """Show and change when members are told of an activity, and its survey."""
    occurrence, form = _find(public_id), CareForm()
    found = care_of(occurrence)
    if not form.is_submitted():
        plan = Plan.of(found, plugin_settings("events", current_project()))
        form.show(plan, found.survey if found else "")
    if not form.validate_on_submit():
        return _care(occurrence, form, PhotosForm(formdata=None)), 422 if form.errors else 200
    if found is None:
        found = Care(occurrence_id=occurrence.id, project_id=occurrence.project_id)
        db.session.add(found)
    found.before, found.thanks, found.survey = form.hours(), form.thanks.data, form.path()
    _record("events.care_set", occurrence, {"before": form.hours(), "survey": found.survey})
    db.session.commit()
    flash(gettext("Saved."))
    return redirect(url_for("events_staff.care", public_id=public_id), 303)


@staff.post("/p/<project>/staff/events/<public_id>/photos")
@requires(MANAGE)
@takes_files(PHOTOS_MOST)
def add_photos(public_id: str) -> Page:
    """Keep photos of an activity, written anew without what the camera put into them."""
    form = PhotosForm()
    valid = form.validate_on_submit()
    occurrence = _find(public_id)
    if valid and not form.photos.data:
        form.photos.errors = [gettext("Choose at least one photo.")]
        valid = False
    if not valid:
        plan = Plan.of(care_of(occurrence), plugin_settings("events", current_project()))
        asked, found = CareForm(formdata=None), care_of(occurrence)
        asked.show(plan, found.survey if found else "")
        return _care(occurrence, asked, form), 422
    for picture in form.photos.data:
        store_picture(
            kind=PHOTO, key=occurrence.public_id, picture=picture, project=current_project()
        )
    many = len(form.photos.data)
    _record("events.photos_added", occurrence, {"photos": many})
    db.session.commit()
    flash(ngettext("%(num)d photo is kept.", "%(num)d photos are kept.", many))
    return redirect(url_for("events_staff.care", public_id=public_id), 303)


@staff.post("/p/<project>/staff/events/<public_id>/photos/<photo>/remove")
@requires(MANAGE)
def remove_photo(public_id: str, photo: str) -> Response:
    """Delete a photo of an activity for good."""
    occurrence = _find(public_id)
    files = files_of(kind=PHOTO, keys=[public_id])[public_id]
    gone = [file for file in files if file.public_id == photo]
    if not gone:
        raise NotFound
    delete_files(kind=PHOTO, key=public_id, files=gone)
    _record("events.photo_removed", occurrence, {"photos": 1})
    db.session.commit()
    flash(gettext("The photo is deleted."))
    return redirect(url_for("events_staff.care", public_id=public_id), 303)


def _care(occurrence: Occurrence, form: CareForm, photos: PhotosForm) -> str:
    key = occurrence.public_id
    return render_template(
        "events/care.html",
        occurrence=occurrence,
        form=form,
        photos=photos,
        files=files_of(kind=PHOTO, keys=[key])[key],
        over=occurrence.state in OVER,
    )


def _record(action: str, occurrence: Occurrence, facts: dict[str, object]) -> None:
    record(
        actor=current_account(),
        action=action,
        subject=("events_occurrence", occurrence.public_id),
        project_id=occurrence.project_id,
        facts=facts,
    )


def _find(public_id: str) -> Occurrence:
    found = activities.find(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
