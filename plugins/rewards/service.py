"""What staff write: items, whether they are offered, and their stock. Never commits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.rewards.errors import RewardError
from plugins.rewards.models import Item, OpenWindow, TierPrice
from plugins.rewards.searching import put_into_search, take_out_of_search
from plugins.rewards.states import BY_HAND, Move, Shown
from plugins.rewards.stocking import lock_item, move_stock
from portal.sdk import Picture, ProjectRef, db, delete_files, files_of, record, store_picture

PICTURES = "rewards.item"
PICTURES_MOST = 5


@dataclass(frozen=True)
class Draft:
    """An item as typed. `price`, `prices`: milli-points a piece; `counts_stock`: whether its pieces
    are counted at all; `windows`: from and until."""

    kind: str
    way: str
    cover: str
    title: Mapping[str, str]
    hint: Mapping[str, str]
    about: Mapping[str, str]
    price: int
    prices: Mapping[str, int]
    counts_stock: bool
    at_once: int
    member_most: int | None
    member_period: str
    household_most: int | None
    household_period: str
    rules: Mapping[str, Any]
    prepared: bool
    place: int
    windows: tuple[tuple[datetime, datetime], ...] = ()


def write(*, actor: Any, project: ProjectRef | None, draft: Draft) -> Item:
    """Write a new item, a draft that owners do not see; without a project it is the club's."""
    made = Item(project_id=project.id if project else None, state=Shown.DRAFT, words="")
    made.stock = 0 if draft.counts_stock else None
    _fill(made, draft)
    db.session.add(made)
    db.session.flush()
    _record(actor, made, "item_written", facts={"version": made.version})
    return made


def rewrite(
    *, actor: Any, project: ProjectRef | None, item: Item, draft: Draft, version: int
) -> None:
    """Change an item; orders keep the price and title that they were made with.

    Raises RewardError: CHANGED when somebody else wrote it after `version`, BELOW_RESERVED.
    """
    locked = lock_item(item.id)
    if locked.version != version:
        raise RewardError("CHANGED")
    locked.version = version + 1
    if draft.counts_stock and locked.stock is None:
        # What is set aside already is there, at least.
        locked.stock = locked.reserved
    elif not draft.counts_stock:
        locked.stock = None
    _fill(locked, draft)
    db.session.flush()
    if locked.state == Shown.SHOWN:
        put_into_search(locked, project)
    _record(actor, locked, "item_written", facts={"version": locked.version})


def offer(*, actor: Any, project: ProjectRef | None, item: Item) -> None:
    """Let owners see an item and redeem it; a second time it is as it was."""
    locked = lock_item(item.id)
    if locked.state == Shown.SHOWN:
        return
    locked.state = Shown.SHOWN
    db.session.flush()
    put_into_search(locked, project)
    _record(actor, locked, "item_shown")


def withdraw(*, actor: Any, item: Item) -> None:
    """Take an item out of the catalogue; orders that were made stay."""
    locked = lock_item(item.id)
    if locked.state != Shown.SHOWN:
        return
    locked.state = Shown.WITHDRAWN
    db.session.flush()
    take_out_of_search(locked)
    _record(actor, locked, "item_withdrawn")


def change_stock(*, actor: Any, item: Item, kind: str, pieces: int, note: str) -> None:
    """Note pieces that came, went, or were counted (then `pieces` is how many there are).

    Raises RewardError: NO_STOCK, BELOW_RESERVED, BAD_QUANTITY.
    """
    locked = lock_item(item.id)
    if kind not in BY_HAND or locked.stock is None:
        raise RewardError("NO_STOCK")
    change = {
        Move.RECEIVED: pieces,
        Move.LOST: -pieces,
        Move.COUNTED: pieces - locked.stock,
    }[Move(kind)]
    if pieces < 0 or (change == 0 and kind != Move.COUNTED):
        raise RewardError("BAD_QUANTITY")
    if change:
        move_stock(locked, Move(kind), change, actor, note)
    _record(actor, locked, "stock_moved", facts={"kind": kind, "pieces": change})


def add_pictures(*, actor: Any, project: ProjectRef, item: Item, pictures: list[Picture]) -> None:
    """Show pictures of an item instead of a drawing: 5 at most. Raises RewardError."""
    kept = files_of(kind=PICTURES, keys=[item.public_id])[item.public_id]
    if len(kept) + len(pictures) > PICTURES_MOST:
        raise RewardError("TOO_MANY_PICTURES")
    for picture in pictures:
        file = store_picture(kind=PICTURES, key=item.public_id, picture=picture, project=project)
        item.picture_url = item.picture_url or file.url
    _record(actor, item, "item_written", facts={"pictures": len(kept) + len(pictures)})


def remove_pictures(*, actor: Any, item: Item) -> None:
    """Go back to the drawing."""
    item.picture_url = ""
    db.session.flush()
    delete_files(kind=PICTURES, key=item.public_id)
    _record(actor, item, "item_written", facts={"pictures": 0})


def _fill(item: Item, draft: Draft) -> None:
    for name in (
        "kind", "way", "cover", "price", "at_once", "member_most", "member_period",
        "household_most", "household_period", "prepared", "place",
    ):  # fmt: skip
        setattr(item, name, getattr(draft, name))
    item.title, item.hint, item.about = dict(draft.title), dict(draft.hint), dict(draft.about)
    item.rules = dict(draft.rules)
    item.words = "\n".join((*draft.title.values(), *draft.hint.values())).lower()
    if item.id is not None:
        for model in (TierPrice, OpenWindow):
            db.session.execute(sa.delete(model).where(model.item_id == item.id))
        db.session.expire(item, ["prices", "windows"])
    where = {"project_id": item.project_id}
    prices = [TierPrice(tier=key, price=price, **where) for key, price in draft.prices.items()]
    windows = [OpenWindow(opens_at=a, closes_at=b, **where) for a, b in draft.windows]
    if item.id is None:
        item.prices, item.windows = prices, windows
        return
    rows: list[TierPrice | OpenWindow] = [*prices, *windows]
    for row in rows:
        row.item_id = item.id
        db.session.add(row)


def _record(actor: Any, item: Item, act: str, facts: Mapping[str, Any] | None = None) -> None:
    record(
        actor=actor,
        action=f"rewards.{act}",
        subject=("rewards_item", item.public_id),
        project_id=item.project_id,
        facts={"price": item.price, "state": item.state, **(facts or {})},
    )
