"""What is read of partners. Every statement is bounded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from plugins.rewards.models import Item
from plugins.rewards.partners.models import ItemPartner, Partner
from plugins.rewards.partners.states import Category
from plugins.rewards.states import Shown
from portal.sdk import Page, db, page_of

ITEMS_MOST = 100
EXPORT_MOST = 5000


@dataclass(frozen=True)
class PartnerFilter:
    """What a list is narrowed to; what is unknown counts as not given. `state`: shown or hidden."""

    search: str = ""
    category: str = ""
    state: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "PartnerFilter":
        """Read `?q=`, `?category=` and `?state=`."""
        category, state = args.get("category", ""), args.get("state", "")
        return cls(
            args.get("q", "").strip()[:60].replace("\0", ""),
            category if category in set(Category) else "",
            state if state in ("shown", "hidden") else "",
        )

    def args(self, **changed: str) -> dict[str, str]:
        """Return the filter as an address' arguments, some of them changed."""
        mine = {"q": self.search, "category": self.category, "state": self.state}
        return {key: value for key, value in (mine | changed).items() if value}


def directory(project_id: int, wanted: PartnerFilter) -> Page[Any]:
    """Return a page of the partners that owners see, with their offers."""
    return page_of(_listed(project_id, wanted, only_shown=True), Partner.place, Partner.id)


def managed(project_id: int, wanted: PartnerFilter) -> Page[Any]:
    """Return a page of all partners for the staff."""
    return page_of(_listed(project_id, wanted), Partner.place, Partner.id)


def everyone(project_id: int, wanted: PartnerFilter) -> list[Partner]:
    """Return the staff's list as a whole, for a file: 5,000 at most."""
    ordered = _listed(project_id, wanted).order_by(Partner.place, Partner.id)
    return list(db.session.scalars(ordered.limit(EXPORT_MOST)))


def find_partner(project_id: int, public_id: str, *, shown: bool = False) -> Partner | None:
    """Return a partner of the project with its offers; `shown`: only one that owners see."""
    mine = sa.select(Partner).options(joinedload(Partner.offers))
    mine = mine.where(Partner.project_id == project_id, Partner.public_id == public_id)
    if shown:
        mine = mine.where(Partner.shown_at.is_not(None))
    return db.session.scalars(mine).unique().one_or_none()


def items_of(partner: Partner, *, shown: bool = False) -> list[Item]:
    """Return the items that are a partner's with the tiers' prices, 100 at most; `shown`: those
    that are offered."""
    mine = sa.select(Item).options(selectinload(Item.prices))
    mine = mine.join(ItemPartner, ItemPartner.item_id == Item.id)
    mine = mine.where(ItemPartner.partner_id == partner.id)
    if shown:
        mine = mine.where(Item.state == Shown.SHOWN)
    return list(db.session.scalars(mine.order_by(Item.place, Item.id).limit(ITEMS_MOST)))


def items_without(project_id: int) -> list[Item]:
    """Return the project's own items that are nobody's yet, 100 at most."""
    taken = sa.exists().where(ItemPartner.item_id == Item.id)
    free = sa.select(Item).where(Item.project_id == project_id, ~taken)
    return list(db.session.scalars(free.order_by(Item.place, Item.id).limit(ITEMS_MOST)))


def _listed(
    project_id: int, wanted: PartnerFilter, *, only_shown: bool = False
) -> sa.Select[tuple[Partner]]:
    mine = sa.select(Partner).options(selectinload(Partner.offers))
    mine = mine.where(Partner.project_id == project_id)
    if only_shown or wanted.state == "shown":
        mine = mine.where(Partner.shown_at.is_not(None))
    elif wanted.state == "hidden":
        mine = mine.where(Partner.shown_at.is_(None))
    if wanted.category:
        mine = mine.where(Partner.category == wanted.category)
    if wanted.search:
        mine = mine.where(Partner.words.contains(wanted.search.lower(), autoescape=True))
    return mine
