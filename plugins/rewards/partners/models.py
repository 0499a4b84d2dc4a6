"""Partners, what each tier gets there, and which items of the catalogue are theirs."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from plugins.rewards.models.items import OWN_ITEM
from plugins.rewards.partners.states import Category
from portal.sdk import Identified, UtcDateTime, db, foreign_key, one_of

OWN_PARTNER = "rewards_partner.id"


class Partner(Identified, db.Model):
    """A shop of the project's directory. Owners see it while `shown_at` is set."""

    __tablename__ = "rewards_partner"
    __table_args__ = (
        one_of("category", Category),
        sa.CheckConstraint("place BETWEEN 1 AND 9999", name="place_known"),
        sa.Index("ix_rewards_partner_list", "project_id", "place", "id"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    category: Mapped[str] = mapped_column(sa.String(20))
    name: Mapped[Mapping[str, str]] = mapped_column(sa.JSON)
    about: Mapped[Mapping[str, str]] = mapped_column(sa.JSON, default=dict)
    address: Mapped[Mapping[str, str]] = mapped_column(sa.JSON, default=dict)
    # How to get there, in words.
    way: Mapped[Mapping[str, str]] = mapped_column(sa.JSON, default=dict)
    hours: Mapped[Mapping[str, str]] = mapped_column(sa.JSON, default=dict)
    # What to do with the card: when to show it, to whom.
    showing: Mapped[Mapping[str, str]] = mapped_column(sa.JSON, default=dict)
    phone: Mapped[str] = mapped_column(sa.String(30), default="")
    # Every language in one, lower case: what the list's search looks in.
    words: Mapped[str] = mapped_column(sa.Text)
    place: Mapped[int] = mapped_column(default=100)
    version: Mapped[int] = mapped_column(default=1)
    shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    offers: Mapped[list["PartnerOffer"]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="PartnerOffer.tier"
    )

    def offer_for(self, tier: str | None) -> Mapping[str, str]:
        """Return what members of a tier get: the tier's own offer, else everybody's."""
        by_tier = {each.tier: each.text for each in self.offers}
        return by_tier.get(tier or "") or by_tier.get("") or {}


class PartnerOffer(db.Model):
    """What members of a tier get at a partner's; an empty tier: every member."""

    __tablename__ = "rewards_partner_offer"

    partner_id: Mapped[int] = foreign_key(OWN_PARTNER, primary_key=True, index=False)
    tier: Mapped[str] = mapped_column(sa.String(30), primary_key=True)
    project_id: Mapped[int] = foreign_key("project.id")
    text: Mapped[Mapping[str, str]] = mapped_column(sa.JSON)


class ItemPartner(db.Model):
    """Whose an item of the catalogue is: the partner gives it, and is paid for it."""

    __tablename__ = "rewards_item_partner"

    item_id: Mapped[int] = foreign_key(OWN_ITEM, primary_key=True, index=False)
    partner_id: Mapped[int] = foreign_key(OWN_PARTNER)
    project_id: Mapped[int] = foreign_key("project.id")
