"""The staff's pages for what a project sets up: categories, working days, texts for answers."""

from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.complaints import clocks, queries, settings
from plugins.complaints.blueprint import staff
from plugins.complaints.days import PUBLISHED
from plugins.complaints.forms import CannedForm, CategoryForm, DayForm
from plugins.complaints.models import Canned, Category, DayRule
from plugins.complaints.routing.service import HANDLE
from portal.sdk import colleagues, current_account, current_project, db, gettext, requires

__all__ = ["staff"]

T = TypeVar("T", DayRule, Canned, Category)
Page = str | tuple[str, int] | Response
SET_UP = "complaints.set_up"


@staff.route("/p/<project>/staff/complaints/set-up/days", methods=["GET", "POST"])
@requires(SET_UP)
def days() -> Page:
    """Show the working calendar and take days that are special here; try a deadline out."""
    project, form = current_project(), DayForm()
    if form.validate_on_submit() and form.day.data:
        settings.keep_day(
            actor=current_account(),
            project=project,
            day=form.day.data,
            working=form.working.data == "yes",
            note=form.note.data or "",
        )
        db.session.commit()
        flash(gettext("Saved. Deadlines that still run are computed anew."))
        return redirect(url_for("complaints_staff.days"), 303)
    calendar = clocks.calendar_of(project)
    tried = None
    try:
        start = datetime.fromisoformat(request.args.get("from", ""))
        hours = int(request.args.get("hours", ""))
        if 2000 <= start.year <= 2100 and 1 <= hours <= 2000:
            tried = calendar.deadline(start.replace(tzinfo=ZoneInfo(project.time_zone)), hours * 60)
    except ValueError:
        tried = None
    page = render_template(
        "complaints/days.html",
        form=form,
        days=queries.days(project.id),
        published=sorted(PUBLISHED),
        calendar=calendar,
        tried=tried,
        asked=request.args,
    )
    return page, 422 if form.errors else 200


@staff.post("/p/<project>/staff/complaints/set-up/days/<public_id>/drop")
@requires(SET_UP)
def drop_day(public_id: str) -> Response:
    """Let a day be as the national calendar says."""
    rule = _own(DayRule, public_id)
    settings.drop_day(actor=current_account(), project=current_project(), rule=rule)
    db.session.commit()
    flash(gettext("Removed. Deadlines that still run are computed anew."))
    return redirect(url_for("complaints_staff.days"), 303)


@staff.route("/p/<project>/staff/complaints/set-up/texts", methods=["GET", "POST"])
@requires(SET_UP)
def texts() -> Page:
    """Show and add texts that answers begin with."""
    project, form = current_project(), CannedForm()
    if form.validate_on_submit():
        try:
            settings.keep_canned(
                actor=current_account(), project=project, text=form.row(project.id)
            )
            db.session.commit()
            flash(gettext("Saved."))
            return redirect(url_for("complaints_staff.texts"), 303)
        except sa.exc.IntegrityError:
            db.session.rollback()
            form.title.errors = [gettext("There is a text of this name.")]
    page = render_template("complaints/texts.html", form=form, texts=queries.canned(project.id))
    return page, 422 if form.errors else 200


@staff.post("/p/<project>/staff/complaints/set-up/texts/<public_id>/drop")
@requires(SET_UP)
def drop_text(public_id: str) -> Response:
    """Take a text away."""
    text = _own(Canned, public_id)
    settings.drop_canned(actor=current_account(), project=current_project(), text=text)
    db.session.commit()
    flash(gettext("Removed."))
    return redirect(url_for("complaints_staff.texts"), 303)


@staff.get("/p/<project>/staff/complaints/set-up/categories")
@requires(SET_UP)
def categories() -> str:
    """List the categories with their hours."""
    rows = db.session.scalars(
        sa.select(Category)
        .where(Category.project_id == current_project().id)
        .order_by(Category.position, Category.id)
        .limit(200)
    ).all()
    return render_template("complaints/categories.html", rows=rows)


@staff.route("/p/<project>/staff/complaints/set-up/categories/new", methods=["GET", "POST"])
@requires(SET_UP)
def new_category() -> Page:
    """Write a category."""
    return _category(None)


@staff.route("/p/<project>/staff/complaints/set-up/categories/<public_id>", methods=["GET", "POST"])
@requires(SET_UP)
def category(public_id: str) -> Page:
    """Change a category."""
    return _category(_own(Category, public_id))


def _category(found: Category | None) -> Page:
    project, form = current_project(), CategoryForm()
    every = queries.categories(project.id)
    tops = [each for each in every if each.parent_id is None and each is not found]
    if found is not None and any(each.parent_id == found.id for each in every):
        tops = []
    here = colleagues(HANDLE, project)
    form.offer(tops, here)
    if request.method == "GET" and found is not None:
        form.fill_texts("title", found.title)
        form.resolution_hours.data, form.active.data = found.resolution_hours, found.active
        takes = (each.public_id for each in here if each.id == found.handler_id)
        form.handler.data = next(takes, "")
        form.parent.data = next((each.key for each in tops if each.id == found.parent_id), "")
    if not form.validate_on_submit():
        page = render_template("complaints/category.html", form=form, category=found)
        return page, 422 if form.errors else 200
    settings.keep_category(
        actor=current_account(),
        project=project,
        category=found,
        title=form.texts("title"),
        hours=form.resolution_hours.data or 1,
        parent=next((each for each in tops if each.key == form.parent.data), None),
        active=form.active.data,
        handler=next((each for each in here if each.public_id == form.handler.data), None),
    )
    db.session.commit()
    flash(gettext("Saved."))
    return redirect(url_for("complaints_staff.categories"), 303)


def _own(model: type[T], public_id: str) -> T:
    found: T | None = db.session.scalar(
        sa.select(model).where(
            model.public_id == public_id, model.project_id == current_project().id
        )
    )
    if found is None:
        raise NotFound
    return found
