"""The staff's pages of the catalogue: the list, the editor, one item with its stock."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import Conflict, NotFound
from werkzeug.wrappers import Response

from plugins.rewards import queries, service
from plugins.rewards.blueprint import group, staff
from plugins.rewards.errors import RewardError
from plugins.rewards.forms import WINDOWS, ItemForm
from plugins.rewards.models import Item
from plugins.rewards.queries import ListFilter
from plugins.rewards.showing import points
from plugins.rewards.states import BY_HAND, Kind, Shown
from plugins.rewards.words import KINDS, REFUSALS, SHOWN
from portal.sdk import (
    ExportFormat,
    PicturesField,
    ProjectRef,
    TextsForm,
    club_time_zone,
    current_account,
    current_project,
    db,
    export_file,
    files_of,
    gettext,
    lazy,
    localized,
    record,
    requires,
    takes_files,
    tiers,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
MANAGE = "rewards.manage"
OF_CLUB = (Kind.GIFT, Kind.OFFER, Kind.SERVICE)
"""What the club can offer: a voucher and a fee credit need a project's partner or company."""


class PhotosForm(TextsForm):
    """Pictures of an item."""

    photos = PicturesField(lazy("Pictures"), most=service.PICTURES_MOST)


class RefusedError(Conflict):
    """A 409 whose page says why."""

    def __init__(self, error: RewardError) -> None:
        super().__init__()
        self.advice = str(error.said or REFUSALS[error.code])


def here() -> ProjectRef | None:
    """Return the project whose catalogue is written; None on the pages of the club's own."""
    return None if request.blueprint == group.name else current_project()


@staff.get("/p/<project>/staff/rewards/")
@requires(MANAGE)
def index() -> str:
    """List the items of the project and of the club."""
    wanted = ListFilter.read(request.args, tuple(Shown))
    page = queries.managed(_id(), wanted)
    return render_template("rewards/staff_index.html", page=page, wanted=wanted, of_club=not here())


@staff.post("/p/<project>/staff/rewards/items.<kind>")
@requires(MANAGE)
def export_items(kind: str) -> Response:
    """Send the list as filtered as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    found = queries.everything(_id(), ListFilter.read(request.form, tuple(Shown)))
    project = here()
    record(
        actor=current_account(),
        action="rewards.exported",
        subject=("project", project.slug) if project else ("rewards_list", "centre"),
        project_id=_id(),
        facts={"format": kind, "rows": len(found), "of": "items"},
    )
    db.session.commit()
    header = (
        gettext("Title"), gettext("Kind of item"), gettext("State"), gettext("Points a piece"),
        gettext("On hand"), gettext("Set aside for orders"), gettext("Handed out"),
        gettext("the whole club's"),
    )  # fmt: skip
    rows = [
        (
            localized(each.title), str(KINDS[each.kind][0]), str(SHOWN[each.state][0]),
            points(each.price), "" if each.stock is None else each.stock, each.reserved, each.sold,
            gettext("No") if each.project_id else gettext("Yes"),
        )
        for each in found
    ]  # fmt: skip
    name = f"rewards-{project.slug if project else 'club'}"
    return export_file(name=name, kind=ExportFormat(kind), header=header, rows=rows)


@staff.route("/p/<project>/staff/rewards/new", methods=["GET", "POST"])
@requires(MANAGE)
def new() -> Page:
    """Write an item."""
    form, project = _form(), here()
    if not form.validate_on_submit():
        return _editor(form, None), 422 if form.is_submitted() else 200
    made = service.write(actor=current_account(), project=project, draft=form.draft(_zone()))
    db.session.commit()
    flash(gettext("Saved as a draft. Enter its stock, then offer it."))
    return redirect(url_for(".show", public_id=made.public_id), 303)


@staff.route("/p/<project>/staff/rewards/<public_id>/edit", methods=["GET", "POST"])
@requires(MANAGE)
def edit(public_id: str) -> Page:
    """Change an item."""
    item, form = own_item(public_id), _form()
    if request.method == "GET":
        form.show(item, _zone())
    if not form.validate_on_submit():
        return _editor(form, item), 422 if form.is_submitted() else 200
    version = form.version.data or ""
    try:
        service.rewrite(
            actor=current_account(),
            project=here(),
            item=item,
            draft=form.draft(_zone()),
            version=int(version) if version.isdecimal() and len(version) < 9 else 0,
        )
    except RewardError as error:
        db.session.rollback()
        form.form_errors = [str(REFUSALS[error.code])]
        return _editor(form, own_item(public_id)), 409
    db.session.commit()
    flash(gettext("Saved. Orders that were made keep their price."))
    return redirect(url_for(".show", public_id=public_id), 303)


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
        service.offer(actor=actor, project=here(), item=item)
    db.session.commit()
    return redirect(url_for(".show", public_id=public_id), 303)


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
    return redirect(url_for(".show", public_id=public_id), 303)


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
    return redirect(url_for(".show", public_id=public_id), 303)


def own_item(public_id: str) -> Item:
    """Return an item of this catalogue, or raise NotFound; the club's are not the project's."""
    found = queries.find_item(_id(), public_id)
    if found is None or found.project_id != _id():
        raise NotFound
    return found


def _id() -> int | None:
    project = here()
    return project.id if project else None


def _zone() -> str:
    """Return the zone whose clocks windows go by."""
    project = here()
    return project.time_zone if project else club_time_zone()


def _form() -> ItemForm:
    return ItemForm(tiers(), kinds=tuple(Kind) if here() else OF_CLUB)


def _editor(form: ItemForm, item: Item | None) -> str:
    typed: dict[str, Any] = dict(request.form)
    if not form.is_submitted() and item is not None:
        typed = {f"price-{each.tier}": points(each.price) for each in item.prices}
    shown: dict[str, Any] = {"form": form, "item": item, "typed": typed, "windows": WINDOWS}
    shown["of_club"] = not here()
    errors = getattr(form, "price_errors", {})
    return render_template("rewards/staff_edit.html", price_errors=errors, **shown)


def _shown(
    public_id: str, refused: RewardError | None = None, photos: PhotosForm | None = None
) -> str:
    item = queries.find_item(_id(), public_id)
    if item is None:
        raise NotFound
    return render_template(
        "rewards/staff_show.html",
        item=item,
        own=item.project_id == _id(),
        of_club=not here(),
        page=queries.movements(item),
        moves=BY_HAND,
        pictures=files_of(kind=service.PICTURES, keys=[item.public_id])[item.public_id],
        photos=photos or PhotosForm(formdata=None),
        refused=REFUSALS[refused.code] if refused else None,
        typed=request.form,
    )
