"""Membership cards for plugins: what stands on one, and whose one is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa

from portal.extensions import db
from portal.members.models import Member, MemberState
from portal.plugin_host.refs import MemberRef, member_ref
from portal.sdk.people import few
from portal.tiers.cards import card_statement, tier_of_version


@dataclass(frozen=True)
class CardRef:
    """A member's card: its number, and the club's tier with its name by language, colour and icon.

    `tier` None: unrated, with an empty name; `until`: the tier is kept at least to this day.
    """

    number: str
    tier: str | None = None
    name: Mapping[str, str] = field(default_factory=dict)
    color: str = "blue"
    icon: str = "crown"
    until: date | None = None


def card_of(member: MemberRef) -> CardRef:
    """Return what stands on a member's card, in one statement. Raises LookupError for nobody."""
    place = card_statement(member.id).subquery()
    row = db.session.execute(
        sa.select(Member.card_number, place.c.tier, place.c.version, place.c.valid_until)
        .outerjoin(place, sa.true())
        .where(Member.id == member.id)
    ).one_or_none()
    if row is None:
        raise LookupError("no such member")
    tier = tier_of_version(row.version, row.tier)
    if tier is None:
        return CardRef(row.card_number)
    return CardRef(
        row.card_number, tier.key, dict(tier.name), tier.color, tier.icon, row.valid_until
    )


def find_cards(numbers: Collection[str]) -> dict[str, MemberRef]:
    """Return whose cards have these numbers, by number, in one statement; at most 500 at once, else
    ValueError. Left out: what nobody has, and who is no member any more."""
    mine = sa.select(Member).where(
        Member.card_number.in_(few(numbers)), Member.state == MemberState.ACTIVE
    )
    return {member.card_number: member_ref(member) for member in db.session.scalars(mine)}


def find_card(number: str) -> MemberRef | None:
    """Return whose card has a number; None for nobody, and for who is no member any more."""
    mine = sa.select(Member).where(Member.card_number == number, Member.state == MemberState.ACTIVE)
    found = db.session.scalars(mine).one_or_none()
    return member_ref(found) if found else None
