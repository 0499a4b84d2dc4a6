"""What is read of partners. Every statement is bounded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from plugins.rewards.models import Item, TierPrice
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


def offered_items(partner: Partner, tier: str | None) -> list[tuple[Item, int]]:
    """Return a partner's items that are offered, each with the milli-points for a tier: 100."""
    price = sa.func.coalesce(TierPrice.price, Item.price)
    own = sa.and_(TierPrice.item_id == Item.id, TierPrice.tier == (tier or ""))
    mine = (
        sa.select(Item, price)
        .join(ItemPartner, ItemPartner.item_id == Item.id)
        .outerjoin(TierPrice, own)
        .where(ItemPartner.partner_id == partner.id, Item.state == Shown.SHOWN)
        .order_by(Item.place, Item.id)
        .limit(ITEMS_MOST)
    )
    return [(item, points) for item, points in db.session.execute(mine)]


def items_for(partner: Partner) -> tuple[list[Item], list[Item]]:
    """Return the items that are a partner's, and the project's own that are nobody's yet: 200."""
    nobodys = sa.and_(ItemPartner.item_id.is_(None), Item.project_id == partner.project_id)
    rows = db.session.execute(
        sa.select(Item, ItemPartner.item_id)
        .outerjoin(ItemPartner, ItemPartner.item_id == Item.id)
        .where(sa.or_(ItemPartner.partner_id == partner.id, nobodys))
        .order_by(ItemPartner.item_id.is_(None), Item.place, Item.id)
        .limit(2 * ITEMS_MOST)
    ).all()
    return [item for item, taken in rows if taken], [item for item, taken in rows if not taken]


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
