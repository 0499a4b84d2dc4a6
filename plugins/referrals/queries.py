"""What is read: lists, one lead, its history. Every statement is bounded."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from plugins.referrals.codes import read_code
from plugins.referrals.exclusions import hash_of
from plugins.referrals.models import (
    Campaign,
    Dispute,
    DisputeState,
    EarlyStage,
    KnownCustomer,
    Lead,
    Note,
    Partner,
    Referrer,
    Step,
)
from plugins.referrals.states import ENDED, OPEN, State
from portal.sdk import Page, PhoneError, db, normalize_phone, page_of

_AT_ONCE = 500
VIEWS = ("waiting", "manager", "open", "ended")
"""The staff's lists by what is to be done; every state is one, too."""


@dataclass(frozen=True)
class ListFilter:
    """What a list is narrowed to, read from an address; what is unknown counts as not given."""

    search: str = ""
    state: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str], states: Sequence[str]) -> "ListFilter":
        """Read `?q=` and `?state=`."""
        state = args.get("state", "")
        search = args.get("q", "").strip()[:60].replace("\0", "")
        return cls(search, state if state in states else "")

    def args(self, **changed: str) -> dict[str, str]:
        """Return the filter as an address' arguments, some of them changed."""
        mine = {"q": self.search, "state": self.state} | changed
        return {key: value for key, value in mine.items() if value}


def own_leads(referrer: Referrer) -> Page[Any]:
    """Return a page of an owner's leads, the newest first."""
    return page_of(
        sa.select(Lead)
        .options(joinedload(Lead.campaign))
        .where(sa.or_(Lead.referrer_id == referrer.id, _shares(Lead, referrer.id))),
        Lead.created_at,
        Lead.id,
        descending=True,
    )


def own_lead(project_id: int, member_id: int, public_id: str) -> Lead | None:
    """Return a lead of this member in this project, also one that is shared."""
    return db.session.scalar(
        sa.select(Lead)
        .join(Referrer, sa.or_(Referrer.id == Lead.referrer_id, _shares(Lead, Referrer.id)))
        .options(joinedload(Lead.campaign), joinedload(Lead.referrer))
        .where(
            Lead.public_id == public_id,
            Lead.project_id == project_id,
            Referrer.member_id == member_id,
        )
    )


def _shares(lead: type[Lead], referrer_id: Any) -> sa.ColumnElement[bool]:
    return sa.exists().where(Partner.lead_id == lead.id, Partner.referrer_id == referrer_id)


def lead_of_project(project_id: int, public_id: str) -> Lead | None:
    """Return a lead of this project, with its rules and its referrer."""
    return _one(project_id, Lead.public_id == public_id)


def lead_by_pass(project_id: int, code: str) -> Lead | None:
    """Return the lead of a friend's code in this project."""
    plain = read_code(code)
    return _one(project_id, Lead.pass_code == plain) if plain else None


def _one(project_id: int, condition: sa.ColumnElement[bool]) -> Lead | None:
    return db.session.scalar(
        sa.select(Lead)
        .options(joinedload(Lead.campaign), joinedload(Lead.referrer))
        .where(Lead.project_id == project_id, condition)
    )


def referrer_by_code(project_id: int, code: str) -> Referrer | None:
    """Return whose code it is in this project, unless it is closed."""
    plain = read_code(code)
    if not plain:
        return None
    return db.session.scalar(
        sa.select(Referrer).where(
            Referrer.project_id == project_id,
            Referrer.code == plain,
            Referrer.closed_at.is_(None),
        )
    )


def managed(project_id: int, wanted: ListFilter) -> Page[Any]:
    """Return a page of (lead, referrer) for the staff, the newest first."""
    return page_of(_managed(project_id, wanted), Lead.created_at, Lead.id, descending=True)


def all_managed(project_id: int, wanted: ListFilter) -> Iterator[tuple[Lead, Referrer]]:
    """Return every lead as filtered, read 500 at a time."""
    statement = _managed(project_id, wanted).order_by(Lead.created_at, Lead.id)
    for row in db.session.execute(statement.execution_options(yield_per=_AT_ONCE)):
        yield row[0], row[1]


def _managed(project_id: int, wanted: ListFilter) -> sa.Select[Any]:
    statement = (
        sa.select(Lead, Referrer)
        .join(Referrer, Referrer.id == Lead.referrer_id)
        .where(Lead.project_id == project_id)
    )
    narrowed = {
        "waiting": sa.and_(Lead.state == State.REPORTED, Lead.escalated_at.is_(None)),
        "manager": sa.and_(Lead.state == State.REPORTED, Lead.escalated_at.is_not(None)),
        "open": Lead.state.in_(OPEN),
        "ended": Lead.state.in_(ENDED),
    }
    if wanted.state:
        statement = statement.where(narrowed.get(wanted.state, Lead.state == wanted.state))
    if wanted.search:
        statement = statement.where(_found(wanted.search))
    return statement


def _found(search: str) -> sa.ColumnElement[bool]:
    code = read_code(search)
    ways = [Lead.name.contains(search, autoescape=True)]
    if code:
        ways += [Lead.pass_code == code, Referrer.code == code]
    with contextlib.suppress(PhoneError):
        ways.append(Lead.phone_hash == hash_of(normalize_phone(search)))
    return sa.or_(*ways)


def history(lead: Lead) -> Sequence[tuple[Step, str | None]]:
    """Return a lead's steps with their words, the oldest first."""
    rows = db.session.execute(
        sa.select(Step, Note.text)
        .outerjoin(Note, Note.step_id == Step.id)
        .where(Step.lead_id == lead.id)
        .order_by(Step.created_at, Step.id)
        .limit(200)
    )
    return [(row[0], row[1]) for row in rows]


def early_stages(lead: Lead) -> Sequence[EarlyStage]:
    """Return the stages that the sales system sent before their turn."""
    return db.session.scalars(
        sa.select(EarlyStage)
        .where(EarlyStage.lead_id == lead.id)
        .order_by(EarlyStage.on_day, EarlyStage.id)
        .limit(5)
    ).all()


def counts(project_id: int) -> dict[str, int]:
    """Return how many leads wait for an answer, wait for the manager, and are under way, and how
    many disputes wait for a decision."""
    heard = sa.select(sa.func.count(Dispute.id)).where(
        Dispute.project_id == project_id,
        Dispute.state.in_((DisputeState.OPEN, DisputeState.APPEALED)),
    )
    escalated = sa.and_(Lead.state == State.REPORTED, Lead.escalated_at.is_not(None))
    row = db.session.execute(
        sa.select(
            sa.func.count(sa.case((Lead.state == State.REPORTED, 1))),
            sa.func.count(sa.case((escalated, 1))),
            sa.func.count(sa.case((Lead.state.in_(OPEN), 1))),
            heard.scalar_subquery(),
        ).where(Lead.project_id == project_id, Lead.state.in_(OPEN))
    ).one()
    return {
        "waiting": row[0] - row[1], "manager": row[1], "open": row[2], "disputes": row[3],
    }  # fmt: skip


def oldest_waiting(project_id: int) -> datetime | None:
    """Return when the first answer that is owed is due."""
    return db.session.scalar(
        sa.select(sa.func.min(Lead.answer_by)).where(
            Lead.project_id == project_id, Lead.state == State.REPORTED
        )
    )


def versions(project_id: int) -> Page[Any]:
    """Return a page of a project's rules, the newest version first."""
    return page_of(
        sa.select(Campaign).where(Campaign.project_id == project_id),
        Campaign.version,
        Campaign.id,
        descending=True,
    )


def version(project_id: int, public_id: str) -> Campaign | None:
    """Return one version of this project's rules."""
    return db.session.scalar(
        sa.select(Campaign).where(
            Campaign.public_id == public_id, Campaign.project_id == project_id
        )
    )


def known_customers(project_id: int) -> dict[str, int]:
    """Return how many numbers are known to a project, by how."""
    rows = db.session.execute(
        sa.select(KnownCustomer.seen, sa.func.count())
        .where(KnownCustomer.project_id == project_id)
        .group_by(KnownCustomer.seen)
    )
    return {row[0]: row[1] for row in rows}
