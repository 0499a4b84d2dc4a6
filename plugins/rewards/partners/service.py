"""What staff write of partners. Never commits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from plugins.rewards.errors import RewardError
from plugins.rewards.models import Item
from plugins.rewards.partners.models import ItemPartner, Partner, PartnerOffer
from portal.sdk import ProjectRef, db, now, record

TEXTS = ("name", "about", "address", "way", "hours", "showing")


@dataclass(frozen=True)
class Draft:
    """A partner as typed. `texts`: by name, each by language; `offers`: by tier, "" for all."""

    category: str
    phone: str
    place: int
    texts: Mapping[str, Mapping[str, str]]
    offers: Mapping[str, Mapping[str, str]]


def write(*, actor: Any, project: ProjectRef, draft: Draft) -> Partner:
    """Add a partner that owners do not see yet."""
    made = Partner(project_id=project.id, words="", offers=[])
    _fill(made, draft)
    db.session.add(made)
    db.session.flush()
    _record(actor, made, "partner_written")
    return made


def rewrite(*, actor: Any, partner: Partner, draft: Draft, version: int) -> None:
    """Change a partner. Raises RewardError CHANGED when somebody else did after `version`."""
    mine = sa.update(Partner).where(Partner.id == partner.id, Partner.version == version)
    done = db.session.execute(mine.values(version=version + 1))
    if not getattr(done, "rowcount", 0):
        raise RewardError("CHANGED")
    _fill(partner, draft)
    db.session.flush()
    _record(actor, partner, "partner_written")


def show(*, actor: Any, partner: Partner) -> None:
    """Let owners see a partner; a second time it is as it was."""
    if partner.shown_at is None:
        partner.shown_at = now()
        db.session.flush()
        _record(actor, partner, "partner_shown")


def withdraw(*, actor: Any, partner: Partner) -> None:
    """Take a partner out of the directory; what it is paid for stays."""
    if partner.shown_at is not None:
        partner.shown_at = None
        db.session.flush()
        _record(actor, partner, "partner_withdrawn")


def give_item(*, actor: Any, partner: Partner, item: Item) -> None:
    """Say that an item of the project's catalogue is the partner's; it leaves another's."""
    link = db.session.get(ItemPartner, item.id)
    if link is None:
        link = ItemPartner(item_id=item.id, project_id=partner.project_id)
        db.session.add(link)
    link.partner_id = partner.id
    db.session.flush()
    _record(actor, partner, "partner_item", {"item": item.public_id})


def take_item(*, actor: Any, partner: Partner, item: Item) -> None:
    """Say that an item is not the partner's any more."""
    link = db.session.get(ItemPartner, item.id)
    if link is not None and link.partner_id == partner.id:
        db.session.delete(link)
        db.session.flush()
        _record(actor, partner, "partner_item", {"item": "", "was": item.public_id})


def _fill(partner: Partner, draft: Draft) -> None:
    partner.category, partner.phone, partner.place = draft.category, draft.phone, draft.place
    for name in TEXTS:
        setattr(partner, name, dict(draft.texts.get(name, {})))
    said = [*partner.name.values(), *partner.address.values()]
    kept = {each.tier: each for each in partner.offers}
    for tier, text in draft.offers.items():
        offer = kept.pop(tier, None)
        if offer is None:
            offer = PartnerOffer(tier=tier, project_id=partner.project_id)
            partner.offers.append(offer)
        offer.text = dict(text)
        said += text.values()
    for gone in kept.values():
        partner.offers.remove(gone)
    partner.words = " ".join(said).lower()


def _record(actor: Any, partner: Partner, act: str, facts: dict[str, Any] | None = None) -> None:
    record(
        actor=actor,
        action=f"rewards.{act}",
        subject=("rewards_partner", partner.public_id),
        project_id=partner.project_id,
        facts=facts or {},
    )
