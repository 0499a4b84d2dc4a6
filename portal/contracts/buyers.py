"""Whose a row is: the buyer verified in the home, the owner on the day when a fee fell due."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa

from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Member, MemberState
from portal.projects.models import EndReason, Ownership, Role
from portal.projects.queries import OWNING_ROLES
from portal.roster.models import RosterEntry


class Buyer(NamedTuple):
    """A member and the household that they live in now."""

    member_id: int
    household_id: int


class Tenure(NamedTuple):
    """An owner of a home, and from when until when."""

    buyer: Buyer
    since: date
    until: date | None


def verified_buyers(unit_ids: Collection[int]) -> Mapping[tuple[int, bytes], Buyer]:
    """Return who is verified in these homes by (home, lookup hash of a phone): the member's own,
    and the one under which the sales office knows them."""
    lives = (
        sa.select(Ownership.unit_id, Member.id, Member.household_id)
        .join(Member, Member.id == Ownership.member_id)
        .where(
            Ownership.unit_id.in_(unit_ids),
            Ownership.until.is_(None),
            Ownership.role.in_(OWNING_ROLES),
            Member.state == MemberState.ACTIVE,
        )
    )
    on_roster = lives.add_columns(RosterEntry.phone_hash).join(
        RosterEntry,
        sa.and_(RosterEntry.unit_id == Ownership.unit_id, RosterEntry.claimed_by_id == Member.id),
    )
    own = lives.add_columns(Account.phone_hash).join(Account, Account.id == Member.account_id)
    found: dict[tuple[int, bytes], Buyer] = {}
    for statement in (on_roster, own):
        for unit_id, member_id, household_id, phone_hash in db.session.execute(statement):
            if phone_hash is not None:
                found[unit_id, bytes(phone_hash)] = Buyer(member_id, household_id)
    return found


def owners(unit_ids: Collection[int]) -> Mapping[int, Sequence[Tenure]]:
    """Return the owners that these homes have had."""
    rows = db.session.execute(
        sa.select(
            Ownership.unit_id, Ownership.since, Ownership.until, Member.id, Member.household_id
        )
        .join(Member, Member.id == Ownership.member_id)
        .where(
            Ownership.unit_id.in_(unit_ids),
            Ownership.role == Role.OWNER,
            Ownership.end_reason.is_distinct_from(EndReason.MISTAKE),
            Member.state == MemberState.ACTIVE,
        )
        .order_by(Ownership.since, Ownership.id)
    )
    found: dict[int, list[Tenure]] = {}
    for unit_id, since, until, member_id, household_id in rows:
        tenure = Tenure(Buyer(member_id, household_id), since, until)
        found.setdefault(unit_id, []).append(tenure)
    return found


def owner_on(tenures: Sequence[Tenure], day: date) -> Buyer | None:
    """Return who owned a home on a day: the newer owner on the day of a sale."""
    for tenure in reversed(tenures):
        if tenure.since <= day and (tenure.until is None or day < tenure.until):
            return tenure.buyer
    return None
