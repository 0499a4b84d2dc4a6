"""Reading requests and the club's terms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.claims.models import OPEN_STATES as OPEN_CLAIMS
from portal.claims.models import UnitClaim
from portal.extensions import db
from portal.members.models import Member
from portal.members.queries import find_member
from portal.personal_data import ErasureNote, RetentionRule
from portal.privacy.models import (
    OPEN_STATES,
    PrivacyEvent,
    PrivacyRequest,
    PrivacySettings,
    RequestKind,
)
from portal.projects.current import belonging_of
from portal.slots import fill

WAITING_DAYS = 7
SETTINGS_ID = 1


@dataclass(frozen=True)
class Terms:
    """How many days an erasure waits, and how many each kind of rows is kept."""

    waiting_days: int
    days: Mapping[str, int]


def retention_rules() -> list[RetentionRule]:
    """Return what the features do not keep for ever."""
    return fill("retention_rules")


def current_terms(rules: Sequence[RetentionRule] | None = None) -> Terms:
    """Return the club's terms, the defaults where it has said nothing."""
    row = db.session.get(PrivacySettings, SETTINGS_ID)
    given = row.days if row else {}
    rules = retention_rules() if rules is None else rules
    days = {
        rule.key: max(given.get(rule.key, rule.default_days), rule.least_days) for rule in rules
    }
    return Terms(row.waiting_days if row else WAITING_DAYS, days)


def waiting_days() -> int:
    """Return how many days an erasure waits."""
    days = db.session.scalar(sa.select(PrivacySettings.waiting_days))
    return WAITING_DAYS if days is None else days


def latest_requests(member_id: int) -> dict[str, PrivacyRequest]:
    """Return the member's newest request of each kind."""
    found: dict[str, PrivacyRequest] = {}
    rows = db.session.scalars(
        sa.select(PrivacyRequest)
        .where(PrivacyRequest.member_id == member_id)
        .order_by(PrivacyRequest.created_at.desc(), PrivacyRequest.id.desc())
        .limit(20)
    )
    for row in rows:
        found.setdefault(row.kind, row)
    return found


def request_of(member_id: int, public_id: str, kind: RequestKind) -> PrivacyRequest | None:
    """Return one of the member's own requests."""
    return db.session.scalar(
        sa.select(PrivacyRequest).where(
            PrivacyRequest.member_id == member_id,
            PrivacyRequest.public_id == public_id,
            PrivacyRequest.kind == kind,
        )
    )


def open_erasure(member_id: int) -> PrivacyRequest | None:
    """Return the erasure of a member that is not over."""
    return db.session.scalar(
        sa.select(PrivacyRequest).where(
            PrivacyRequest.member_id == member_id,
            PrivacyRequest.kind == RequestKind.ERASURE,
            PrivacyRequest.state.in_(OPEN_STATES),
        )
    )


def find_request(public_id: str) -> PrivacyRequest | None:
    """Return a request with member, project and who began it."""
    return db.session.scalar(
        sa.select(PrivacyRequest)
        .options(
            joinedload(PrivacyRequest.member, innerjoin=True),
            joinedload(PrivacyRequest.project),
            joinedload(PrivacyRequest.started_by, innerjoin=True),
        )
        .where(PrivacyRequest.public_id == public_id)
    )


def member_in(project_id: int, public_id: str) -> Member | None:
    """Return an active member who lives in the project, follows it or claims a home there."""
    member = find_member(public_id)
    if member is None or project_id in belonging_of(member.id):
        return member
    claim = sa.select(UnitClaim.id).where(
        UnitClaim.member_id == member.id,
        UnitClaim.project_id == project_id,
        UnitClaim.state.in_(OPEN_CLAIMS),
    )
    return member if db.session.scalar(claim.limit(1)) else None


def history_of(request_id: int) -> Sequence[PrivacyEvent]:
    """Return a request's steps, oldest first, actors loaded."""
    return db.session.scalars(
        sa.select(PrivacyEvent)
        .options(joinedload(PrivacyEvent.actor))
        .where(PrivacyEvent.request_id == request_id)
        .order_by(PrivacyEvent.created_at, PrivacyEvent.id)
    ).all()


def requests(kind: str = "", state: str = "") -> sa.Select[tuple[PrivacyRequest]]:
    """Return the statement of all requests, narrowed, member and project loaded."""
    statement = sa.select(PrivacyRequest).options(
        joinedload(PrivacyRequest.member, innerjoin=True), joinedload(PrivacyRequest.project)
    )
    if kind:
        statement = statement.where(PrivacyRequest.kind == kind)
    if state == "open":
        statement = statement.where(PrivacyRequest.state.in_(OPEN_STATES))
    elif state:
        statement = statement.where(PrivacyRequest.state == state)
    return statement


def notes_for(member: Member) -> tuple[list[ErasureNote], list[ErasureNote]]:
    """Return what an erasure takes away, and what stays and why."""
    notes: list[ErasureNote] = fill("erasure_notes", member)
    return [note for note in notes if not note.kept], [note for note in notes if note.kept]


def objections_to(member: Member) -> list[str]:
    """Return what stands in the way of erasing a member now, as core's features see it."""
    return fill("check_member_removal", member)
