"""The moderators' page for covering parts of a photo."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import Form, FormField, IntegerField, SelectField, TextAreaField

# The published types lag behind the release.
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, Length, NumberRange, Optional

from plugins.complaints import moderation_queries, redacting
from plugins.complaints.blueprint import staff
from plugins.complaints.errors import CaseError
from plugins.complaints.forms import check_words
from plugins.complaints.moderation_views import MODERATE
from plugins.complaints.redacting import Box
from plugins.complaints.staff_views import CENTRE
from plugins.complaints.states import ReviewState
from plugins.complaints.words import REASONS, REFUSALS
from portal.sdk import TextsForm, current_account, current_project, db, gettext, lazy, may, requires

__all__ = ["staff"]

_PERCENT = [Optional(), NumberRange(0, 100)]


class BoxForm(Form):
    """A rectangle, in percent of the photo."""

    left = IntegerField(lazy("From the left, percent of the photo"), _PERCENT)
    top = IntegerField(lazy("From the top, percent of the photo"), _PERCENT)
    width = IntegerField(lazy("Width, percent of the photo"), _PERCENT)
    height = IntegerField(lazy("Height, percent of the photo"), _PERCENT)

    @property
    def box(self) -> Box | None:
        """The rectangle as shares of the photo; None for an empty one."""
        sides = (self.left.data, self.top.data, self.width.data, self.height.data)
        if any(side is None for side in sides) or not (sides[2] and sides[3]):
            return None
        left, top, width, height = (side / 100 for side in sides if side is not None)
        return left, top, width, height


class CoverForm(TextsForm):
    """Up to three rectangles, and why."""

    first = FormField(BoxForm)
    second = FormField(BoxForm)
    third = FormField(BoxForm)
    reason = SelectField(
        lazy("Reason"),
        [DataRequired()],
        choices=[SelectChoice("", "—"), *(SelectChoice(*each) for each in REASONS.items())],
        default="personal",
    )
    note = TextAreaField(lazy("To the author"), [Length(max=500), check_words])

    @property
    def boxes(self) -> Sequence[Box]:
        """What is covered."""
        every: list[Any] = [self.first.form, self.second.form, self.third.form]
        return [each.box for each in every if each.box]


@staff.route("/p/<project>/staff/complaints/moderation/<public_id>/cover", methods=["GET", "POST"])
@requires(MODERATE)
def cover(public_id: str) -> str | tuple[str, int] | Response:
    """Cover parts of a photo (`?photo=`, from 0) of what a look is about."""
    project = current_project()
    found = moderation_queries.find_look(project.id, public_id)
    place = request.args.get("photo", "0")
    if found is None or not place.isascii() or not place.isdigit() or len(place) > 3:
        raise NotFound
    photo = redacting.find_photo(found.case, found.post, int(place))
    if photo is None:
        raise NotFound
    form, refused = CoverForm(), ""
    if found.review.state != ReviewState.OPEN:
        refused = "DECIDED"
    elif found.review.raised and not may(CENTRE):
        refused = "RAISED"
    elif form.validate_on_submit() and form.boxes:
        try:
            redacting.cover(
                actor=current_account(),
                case=found.case,
                post=found.post,
                project=project,
                photo=photo,
                boxes=form.boxes,
                reason=form.reason.data,
                note=form.note.data or "",
            )
            db.session.commit()
            flash(gettext("Covered. What was under it is gone for good."))
            return redirect(url_for("complaints_staff.look", public_id=public_id), 303)
        except CaseError as error:
            db.session.rollback()
            refused = error.code
    elif form.is_submitted() and not form.boxes:
        form.form_errors.append(gettext("Mark one rectangle at least, all four numbers of it."))
    url = photo.url
    page = render_template(
        "complaints/cover.html",
        look=public_id,
        code=found.case.code,
        url=url,
        form=form,
        refused=REFUSALS.get(refused),
    )
    status = {"": 422 if form.is_submitted() else 200, "OWN_CASE": 403, "RAISED": 403}
    return page, status.get(refused, 409 if form.is_submitted() else 200)
