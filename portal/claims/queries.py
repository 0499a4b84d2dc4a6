"""Reading claims: a member's own, and the staff's queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import g
from sqlalchemy.orm import joinedload

from portal.claims.models import FILE_OWNER, OPEN_STATES, ClaimEvent, ClaimState, UnitClaim
from portal.extensions import db
from portal.files.models import StoredFile
from portal.members.models import Member
from portal.projects.addresses import part_key, parts_of
from portal.projects.models import Unit

LIST_LIMIT = 50
TO_DECIDE = (ClaimState.PENDING, ClaimState.DISPUTED)


def shown_state(state: str) -> str:
    """Return the state that a claimant reads: that somebody else owns the home is not theirs."""
    return ClaimState.PENDING if state == ClaimState.DISPUTED else state


def unsettled_claims(member_id: int) -> Sequence[UnitClaim]:
    """Return a member's claims that are open or were refused, newest first, projects loaded."""
    return db.session.scalars(
        sa.select(UnitClaim)
        .options(joinedload(UnitClaim.project, innerjoin=True))
        .where(
            UnitClaim.member_id == member_id,
            UnitClaim.state.in_([*OPEN_STATES, ClaimState.REFUSED]),
        )
        .order_by(UnitClaim.id.desc())
        .limit(LIST_LIMIT)
    ).all()


def claim_of(member_id: int, public_id: str) -> UnitClaim | None:
    """Return a member's own claim, project loaded."""
    return db.session.scalar(
        sa.select(UnitClaim)
        .options(joinedload(UnitClaim.project, innerjoin=True))
        .where(UnitClaim.public_id == public_id, UnitClaim.member_id == member_id)
    )


@dataclass(frozen=True)
class ClaimFile:
    """A claim with its steps (actors loaded) and its photos, oldest first."""

    claim: UnitClaim
    history: Sequence[ClaimEvent]
    photos: Sequence[StoredFile]


def claim_in(project_id: int, public_id: str) -> ClaimFile | None:
    """Return a claim of the project with claimant, account, home, steps and photos.

    One statement: a claim has few steps and photos, so their product stays small.
    """
    rows = db.session.execute(
        sa.select(UnitClaim, ClaimEvent, StoredFile)
        .join(ClaimEvent, ClaimEvent.claim_id == UnitClaim.id)
        .outerjoin(
            StoredFile,
            sa.and_(
                StoredFile.owner_kind == FILE_OWNER,
                StoredFile.owner_key == UnitClaim.public_id,
                StoredFile.erased_at.is_(None),
            ),
        )
        .options(
            joinedload(UnitClaim.member, innerjoin=True).joinedload(Member.account, innerjoin=True),
            joinedload(UnitClaim.unit).joinedload(Unit.building),
            joinedload(ClaimEvent.actor),
        )
        .where(UnitClaim.public_id == public_id, UnitClaim.project_id == project_id)
        .order_by(ClaimEvent.id, StoredFile.id)
    ).all()
    if not rows:
        return None
    history = dict.fromkeys(event for _claim, event, _photo in rows)
    photos = dict.fromkeys(photo for _claim, _event, photo in rows if photo is not None)
    return ClaimFile(rows[0][0], list(history), list(photos))


def history_of(claim: UnitClaim) -> Sequence[ClaimEvent]:
    """Return the steps of a claim, oldest first, with who took them."""
    return db.session.scalars(
        sa.select(ClaimEvent)
        .options(joinedload(ClaimEvent.actor))
        .where(ClaimEvent.claim_id == claim.id)
        .order_by(ClaimEvent.id)
        .limit(LIST_LIMIT)
    ).all()


def history_for_claimant(claim: UnitClaim) -> list[ClaimEvent]:
    """Return the steps that the claimant may know of: not that another owner was found."""
    return [event for event in history_of(claim) if event.to_state != ClaimState.DISPUTED]


def counts_by_state(project_id: int) -> Mapping[str, int]:
    """Return how many claims stand in each state; one statement a request."""
    counts: dict[int, dict[str, int]] = g.setdefault("claim_counts", {})
    if project_id not in counts:
        rows = db.session.execute(_counts(project_id))
        counts[project_id] = {row.state: row.total for row in rows}
    return counts[project_id]


def waiting(project_id: int) -> int:
    """Return how many claims wait for a decision; one statement a request."""
    counts = counts_by_state(project_id)
    return sum(counts.get(state, 0) for state in TO_DECIDE)


def queue(project_id: int, state: str, search: str = "") -> sa.Select[tuple[UnitClaim, Member]]:
    """Return the statement of a project's claims in one state, with their claimants."""
    statement = (
        sa.select(UnitClaim, Member)
        .join(UnitClaim.member)
        .where(UnitClaim.project_id == project_id, UnitClaim.state == state)
    )
    for word in search.split()[:4]:
        like = f"%{_escaped(word)}%"
        found = [
            UnitClaim.name.ilike(like, escape="\\"),
            Member.name.ilike(like, escape="\\"),
            Member.card_number == word,
        ]
        keys = [_escaped(part_key(part)) for part in parts_of(word)]
        if keys:
            # Between building and number there may be an entrance.
            between = "/%/" if len(keys) == 2 else "/"
            found.append(UnitClaim.address.ilike(f"%{between.join(keys)}%", escape="\\"))
        statement = statement.where(sa.or_(*found))
    return statement


def neighbours(claim: UnitClaim) -> tuple[str | None, str | None]:
    """Return the public ids of the claims before and after this one among those to decide.

    The same statement counts the states, which the sidebar asks for as well.
    """
    here = sa.tuple_(sa.literal(claim.created_at, UnitClaim.created_at.type), sa.literal(claim.id))
    row = sa.tuple_(UnitClaim.created_at, UnitClaim.id)
    waiting_ones = sa.select(UnitClaim.public_id).where(
        UnitClaim.project_id == claim.project_id, UnitClaim.state.in_(TO_DECIDE)
    )
    before = waiting_ones.where(row < here).order_by(
        UnitClaim.created_at.desc(), UnitClaim.id.desc()
    )
    after = waiting_ones.where(row > here).order_by(UnitClaim.created_at, UnitClaim.id)
    rows = db.session.execute(
        _counts(claim.project_id).add_columns(
            before.limit(1).scalar_subquery().label("before"),
            after.limit(1).scalar_subquery().label("after"),
        )
    ).all()
    g.setdefault("claim_counts", {})[claim.project_id] = {row.state: row.total for row in rows}
    return rows[0].before, rows[0].after


def _counts(project_id: int) -> sa.Select[Any]:
    return (
        sa.select(UnitClaim.state, sa.func.count().label("total"))
        .where(UnitClaim.project_id == project_id)
        .group_by(UnitClaim.state)
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
