"""What a claim's page shows to staff: the claimant's word beside the roster's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from portal import clock
from portal.accounts.models import Account
from portal.claims import matching, queries
from portal.claims.decisions import unit_of
from portal.claims.models import ClaimEvent, UnitClaim
from portal.claims.moves import first_day, household_conflict
from portal.claims.queries import ClaimFile
from portal.extensions import db
from portal.files.models import StoredFile
from portal.i18n import Text, lazy
from portal.phones import mask_phone
from portal.projects.models import Ownership, Project, Unit
from portal.projects.queries import address_title, unit_title
from portal.projects.staff_queries import living
from portal.roster.models import RosterEntry
from portal.words import role_title


@dataclass(frozen=True)
class Comparison:
    """What the claimant says and what the roster says; `same` is None when it says nothing."""

    title: Text
    claimed: str
    roster: str
    same: bool | None


@dataclass(frozen=True)
class Review:
    """Everything that a decision needs."""

    claim: UnitClaim
    title: str
    unit: Unit | None
    conflict: bool
    lines: Sequence[Comparison]
    people: Sequence[Ownership]
    photos: Sequence[StoredFile]
    history: Sequence[ClaimEvent]
    previous: str | None
    following: str | None
    phone_differs: bool
    likely_since: date | None

    @property
    def differences(self) -> int:
        """Return how many lines differ."""
        return sum(line.same is False for line in self.lines)


def review_of(found: ClaimFile, project: Project) -> Review:
    """Gather a claim's page."""
    claim = found.claim
    account = claim.member.account
    unit = claim.unit or unit_of(claim)
    people, entries = _people_and_entries(unit)
    entry = matching.likeliest(entries, claim.name, account)
    previous, following = queries.neighbours(claim)
    typed = address_title(claim.building, claim.entrance, claim.number)
    today = clock.business_date(project.time_zone)
    conflict = bool(unit and household_conflict(unit, claim.member, claim.role))
    return Review(
        claim=claim,
        title=unit_title(unit) if unit else typed,
        unit=unit,
        conflict=conflict,
        lines=_lines(claim, account, unit, entry),
        people=living(people),
        photos=found.photos,
        history=found.history,
        previous=previous,
        following=following,
        phone_differs=_has_old_phone(entry, claim, account),
        # After a dispute it is the day on which the present owner ends.
        likely_since=first_day(unit, claim.role, people, today) if unit and not conflict else None,
    )


def _has_old_phone(entry: RosterEntry | None, claim: UnitClaim, account: Account) -> bool:
    """Tell whether the roster names the claimant under another phone, and nobody has claimed it."""
    return bool(
        entry
        and entry.claimed_by_id is None
        and matching.same_name(entry.name, claim.name)
        and entry.phone_hash != account.phone_hash
    )


def _people_and_entries(unit: Unit | None) -> tuple[list[Ownership], list[RosterEntry]]:
    """Return who lives or lived in a home, and whom the roster names for it; one statement.

    Both are a handful, so their product stays small.
    """
    if unit is None:
        return [], []
    rows = db.session.execute(
        sa.select(Ownership, RosterEntry)
        .select_from(Unit)
        .outerjoin(Ownership, Ownership.unit_id == Unit.id)
        .outerjoin(Ownership.member)
        .outerjoin(RosterEntry, RosterEntry.unit_id == Unit.id)
        .options(contains_eager(Ownership.member))
        .where(Unit.id == unit.id)
        .order_by(Ownership.id, RosterEntry.role != "owner", RosterEntry.id)
    ).all()
    people = dict.fromkeys(person for person, _entry in rows if person is not None)
    entries = dict.fromkeys(entry for _person, entry in rows if entry is not None)
    return list(people), list(entries)


def _lines(
    claim: UnitClaim, account: Account, unit: Unit | None, entry: RosterEntry | None
) -> list[Comparison]:
    typed = address_title(claim.building, claim.entrance, claim.number)
    return [
        Comparison(lazy("The home"), typed, unit_title(unit) if unit else "", unit is not None),
        Comparison(
            lazy("Name in the deed"),
            claim.name,
            entry.name if entry else "",
            matching.same_name(claim.name, entry.name) if entry else None,
        ),
        Comparison(
            lazy("Phone"),
            mask_phone(account.phone) if account.phone else "",
            mask_phone(entry.phone) if entry else "",
            entry.phone_hash == account.phone_hash if entry else None,
        ),
        Comparison(
            lazy("Role in the home"),
            str(role_title(claim.role)),
            str(role_title(entry.role)) if entry else "",
            claim.role == entry.role if entry else None,
        ),
    ]
