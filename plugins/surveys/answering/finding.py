"""The waves that a member is asked in: theirs, or their household's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from plugins.surveys.models import Draft, Participation, Wave
from plugins.surveys.states import Mode, State
from portal.sdk import MemberRef, db

SHOWN = (
    State.FIELD,
    State.PAUSED,
    State.CLOSED,
    State.SEALED,
    State.PUBLISHED,
    State.ARCHIVED,
)
_MOST = 100


@dataclass(frozen=True)
class Found:
    """A wave, the member's line of its frame, and what they began and have not sent."""

    wave: Wave
    asked: Participation
    draft: Draft | None = None

    @property
    def anonymous(self) -> bool:
        """Tell whether nothing may link the member to an answer."""
        return self.wave.mode == Mode.ANONYMOUS

    @property
    def seed(self) -> str:
        """Return the seed of the random orders that this member sees."""
        return f"{self.wave.seed}:{self.asked.public_id}"

    @property
    def begun_at(self) -> datetime | None:
        """Return when the member began, as far as it is kept."""
        return self.draft.created_at if self.draft else None


def find(project_id: int, public_id: str, member: MemberRef) -> Found | None:
    """Return a wave that the member is asked in; None for any other."""
    statement = _mine(project_id, member).where(Wave.public_id == public_id)
    row = db.session.execute(statement).first()
    return Found(*row) if row else None


def all_mine(project_id: int, member: MemberRef) -> Sequence[Found]:
    """Return the waves that the member is asked in, the newest first."""
    newest = _mine(project_id, member).order_by(Wave.opens_at.desc(), Wave.id.desc())
    return [Found(*row) for row in db.session.execute(newest.limit(_MOST))]


def waiting(project_id: int, member: MemberRef, at: datetime, most: int = 3) -> Sequence[Found]:
    """Return the waves that wait for the member's answer now, first those that close first."""
    statement = _mine(project_id, member).where(
        Wave.state == State.FIELD,
        Participation.answered.is_(False),
        sa.or_(Wave.opens_at.is_(None), Wave.opens_at <= at),
        sa.or_(Wave.closes_at.is_(None), Wave.closes_at > at),
    )
    first = statement.order_by(Wave.closes_at, Wave.id).limit(most)
    return [Found(*row) for row in db.session.execute(first)]


def open_wave(project_id: int, public_id: str, at: datetime) -> Wave | None:
    """Return a wave that takes answers now, whoever asks."""
    return db.session.scalar(
        sa.select(Wave).where(
            Wave.project_id == project_id,
            Wave.public_id == public_id,
            Wave.state == State.FIELD,
            sa.or_(Wave.closes_at.is_(None), Wave.closes_at > at),
        )
    )


def _mine(project_id: int, member: MemberRef) -> sa.Select[tuple[Wave, Participation, Draft]]:
    keys = (f"m:{member.id}", f"h:{member.household_id}")
    # What somebody else of the household has begun is theirs to read.
    own = sa.and_(Draft.participation_id == Participation.id, Draft.member_id == member.id)
    return (
        sa.select(Wave, Participation, Draft)
        .join(Participation, Participation.wave_id == Wave.id)
        .outerjoin(Draft, own)
        .where(
            Wave.project_id == project_id,
            Wave.state.in_(SHOWN),
            Participation.unit_key.in_(keys),
            sa.or_(
                Participation.member_id == member.id,
                Participation.household_id == member.household_id,
            ),
        )
    )
