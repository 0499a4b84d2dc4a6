"""The staff's pages of the catalogue: the list, the editor, one item with its stock."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import Conflict, NotFound
from werkzeug.wrappers import Response

from plugins.rewards import queries, service
from plugins.rewards.blueprint import staff
from plugins.rewards.errors import RewardError
from plugins.rewards.forms import WINDOWS, ItemForm
from plugins.rewards.models import Item
from plugins.rewards.queries import ListFilter
from plugins.rewards.showing import points
from plugins.rewards.states import BY_HAND, Shown
from plugins.rewards.words import REFUSALS
from portal.sdk import (
    PicturesField,
    TextsForm,
    current_account,
    current_project,
    db,
    files_of,
    gettext,
    lazy,
    requires,
    takes_files,
    tiers,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
MANAGE = "rewards.manage"


class PhotosForm(TextsForm):
    """Pictures of an item."""

    photos = PicturesField(lazy("Pictures"), most=service.PICTURES_MOST)


class RefusedError(Conflict):
    """A 409 whose page says why."""

    def __init__(self, error: RewardError) -> None:
        super().__init__()
        self.advice = str(error.said or REFUSALS[error.code])


@staff.get("/p/<project>/staff/rewards/")
@requires(MANAGE)
def index() -> str:
    """List the items of the project and of the club."""
    wanted = ListFilter.read(request.args, tuple(Shown))
    page = queries.managed(current_project().id, wanted)
    return render_template("rewards/staff_index.html", page=page, wanted=wanted)


@staff.route("/p/<project>/staff/rewards/new", methods=["GET", "POST"])
@requires(MANAGE)
def new() -> Page:
    """Write an item."""
    form, project = ItemForm(tiers()), current_project()
    if not form.validate_on_submit():
        return _editor(form, None), 422 if form.is_submitted() else 200
    made = service.write(actor=current_account(), project=project, draft=form.draft(project))
    db.session.commit()
    flash(gettext("Saved as a draft. Enter its stock, then offer it."))
    return redirect(url_for("rewards_staff.show", public_id=made.public_id), 303)


@staff.route("/p/<project>/staff/rewards/<public_id>/edit", methods=["GET", "POST"])
@requires(MANAGE)
def edit(public_id: str) -> Page:
    """Change an item."""
    item, form, project = own_item(public_id), ItemForm(tiers()), current_project()
    if request.method == "GET":
        form.show(item, project)
    if not form.validate_on_submit():
        return _editor(form, item), 422 if form.is_submitted() else 200
    version = form.version.data or ""
    try:
        service.rewrite(
            actor=current_account(),
            project=project,
            item=item,
            draft=form.draft(project),
            version=int(version) if version.isdecimal() and len(version) < 9 else 0,
        )
    except RewardError as error:
        db.session.rollback()
        form.form_errors = [str(REFUSALS[error.code])]
        return _editor(form, own_item(public_id)), 409
    db.session.commit()
    flash(gettext("Saved. Orders that were made keep their price."))
    return redirect(url_for("rewards_staff.show", public_id=public_id), 303)


@staff.get("/p/<project>/staff/rewards/<public_id>")
@requires(MANAGE)
def show(public_id: str) -> str:
    """Show an item with its stock and how it came about."""
    return _shown(public_id)


@staff.post("/p/<project>/staff/rewards/<public_id>/offer")
@requires(MANAGE)
def offer(public_id: str) -> Response:
    """Offer an item to owners, or withdraw it."""
    item, actor = own_item(public_id), current_account()
    if request.form.get("withdraw"):
        service.withdraw(actor=actor, item=item)
    else:
        service.offer(actor=actor, project=current_project(), item=item)
    db.session.commit()
    return redirect(url_for("rewards_staff.show", public_id=public_id), 303)


@staff.post("/p/<project>/staff/rewards/<public_id>/stock")
@requires(MANAGE)
def stock(public_id: str) -> Page:
    """Note pieces that came or went, or what was counted."""
    typed = request.form.get("pieces", "").strip()
    pieces = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 7 else -1
    try:
        service.change_stock(
            actor=current_account(),
            item=own_item(public_id),
            kind=request.form.get("kind", ""),
            pieces=pieces,
            note=request.form.get("note", "").strip()[:200],
        )
    except RewardError as error:
        db.session.rollback()
        return _shown(public_id, error), 422 if error.code == "BAD_QUANTITY" else 409
    db.session.commit()
    flash(gettext("The stock is noted."))
    return redirect(url_for("rewards_staff.show", public_id=public_id), 303)


@staff.post("/p/<project>/staff/rewards/<public_id>/pictures")
@requires(MANAGE)
@takes_files(service.PICTURES_MOST)
def pictures(public_id: str) -> Page:
    """Give an item pictures of its own, or take them away."""
    item, actor, form = own_item(public_id), current_account(), PhotosForm()
    if request.form.get("remove"):
        service.remove_pictures(actor=actor, item=item)
    elif not form.validate_on_submit():
        return _shown(public_id, photos=form), 422
    else:
        try:
            service.add_pictures(
                actor=actor,
                project=current_project(),
                item=own_item(public_id),
                pictures=form.photos.data,
            )
        except RewardError as error:
            db.session.rollback()
            return _shown(public_id, error), 422
    db.session.commit()
    return redirect(url_for("rewards_staff.show", public_id=public_id), 303)


def own_item(public_id: str) -> Item:
    """Return an item of the project, or raise NotFound; the club's are not the project's."""
    found = queries.find_item(current_project().id, public_id)
    if found is None or found.project_id is None:
        raise NotFound
    return found


def _editor(form: ItemForm, item: Item | None) -> str:
    typed: dict[str, Any] = dict(request.form)
    if not form.is_submitted() and item is not None:
        typed = {f"price-{each.tier}": points(each.price) for each in item.prices}
    shown: dict[str, Any] = {"form": form, "item": item, "typed": typed, "windows": WINDOWS}
    errors = getattr(form, "price_errors", {})
    return render_template("rewards/staff_edit.html", price_errors=errors, **shown)


def _shown(
    public_id: str, refused: RewardError | None = None, photos: PhotosForm | None = None
) -> str:
    item = queries.find_item(current_project().id, public_id)
    if item is None:
        raise NotFound
    return render_template(
        "rewards/staff_show.html",
        item=item,
        own=item.project_id is not None,
        page=queries.movements(item),
        moves=BY_HAND,
        pictures=files_of(kind=service.PICTURES, keys=[item.public_id])[item.public_id],
        photos=photos or PhotosForm(formdata=None),
        refused=REFUSALS[refused.code] if refused else None,
        typed=request.form,
    )
