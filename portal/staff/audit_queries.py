"""Reading the audit trail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from portal.accounts.models import Account
from portal.audit.models import AuditEntry
from portal.columns import Texts
from portal.extensions import db
from portal.projects.models import Project

HISTORY_SHOWN = 50
TEXT_MAX = 60
_FIRST_DAY, _LAST_DAY = date(1901, 1, 1), date(9998, 12, 31)


@dataclass(frozen=True)
class AuditFilter:
    """What the audit trail is narrowed to; the days are inclusive, in `time_zone`."""

    action: str = ""
    actor: str = ""
    subject: str = ""
    first: date | None = None
    last: date | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
    """What stands as a day in the address and is none, by its field: `from`, `to`."""

    @classmethod
    def read(cls, args: MultiDict[str, str]) -> "AuditFilter":
        """Return the filter in an address."""
        days = {name: _day(args, name) for name in ("from", "to")}
        return cls(
            action=_text(args, "action"),
            actor=_text(args, "actor"),
            subject=_text(args, "subject"),
            first=days["from"],
            last=days["to"],
            unread={
                name: _text(args, name)
                for name, day in days.items()
                if day is None and _text(args, name)
            },
        )

    def args(self) -> dict[str, str]:
        """Return the address's part for this filter."""
        values = {
            "action": self.action,
            "actor": self.actor,
            "subject": self.subject,
            "from": self.first and self.first.isoformat(),
            "to": self.last and self.last.isoformat(),
            **self.unread,
        }
        return {name: value for name, value in values.items() if value}


def audit_trail(
    wanted: AuditFilter, *, project_id: int | None, time_zone: str
) -> sa.Select[tuple[AuditEntry, str, Texts]]:
    """Return the statement of entries, their actors' and projects' names; without one, of all."""
    statement = (
        sa.select(AuditEntry, Account.display_name, Project.name)
        .outerjoin(Account, Account.id == AuditEntry.actor_id)
        .outerjoin(Project, Project.id == AuditEntry.project_id)
    )
    if project_id is not None:
        statement = statement.where(AuditEntry.project_id == project_id)
    if wanted.action:
        statement = statement.where(AuditEntry.action == wanted.action)
    if wanted.actor:
        statement = statement.where(
            sa.or_(
                Account.display_name.icontains(wanted.actor, autoescape=True),
                Account.email == wanted.actor.lower(),
                Account.public_id == wanted.actor,
            )
        )
    if wanted.subject:
        statement = statement.where(AuditEntry.subject_key == wanted.subject)
    zone = ZoneInfo(time_zone)
    if wanted.first:
        statement = statement.where(AuditEntry.created_at >= _midnight(wanted.first, zone))
    if wanted.last:
        after = _midnight(wanted.last, zone) + timedelta(days=1)
        statement = statement.where(AuditEntry.created_at < after)
    return statement


def history_of(
    subject: tuple[str, str], project_id: int
) -> Sequence[sa.Row[tuple[AuditEntry, str]]]:
    """Return the last acts on `subject` in this project or club-wide, with the actors' names."""
    return db.session.execute(
        sa.select(AuditEntry, Account.display_name)
        .outerjoin(Account, Account.id == AuditEntry.actor_id)
        .where(
            AuditEntry.subject_kind == subject[0],
            AuditEntry.subject_key == subject[1],
            sa.or_(AuditEntry.project_id == project_id, AuditEntry.project_id.is_(None)),
        )
        .order_by(AuditEntry.created_at.desc(), AuditEntry.id.desc())
        .limit(HISTORY_SHOWN)
    ).all()


def acts_since(project_id: int, at: datetime) -> int:
    """Return how many acts the project's trail has since a moment."""
    statement = sa.select(sa.func.count()).where(
        AuditEntry.project_id == project_id, AuditEntry.created_at >= at
    )
    return db.session.scalar(statement) or 0


def _text(args: MultiDict[str, str], name: str) -> str:
    return args.get(name, "").replace("\0", "").strip()[:TEXT_MAX]


def _day(args: MultiDict[str, str], name: str) -> date | None:
    try:
        return date.fromisoformat(_text(args, name))
    except ValueError:
        return None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # The day after must exist, and so must its midnight in UTC; nothing was done beyond these.
    return datetime.combine(min(max(day, _FIRST_DAY), _LAST_DAY), time(), zone)


def facts_text(facts: dict[str, Any]) -> str:
    """Return an entry's facts as one line: "format=csv, rows=12"."""
    return ", ".join(f"{key}={_fact(value)}" for key, value in facts.items())


def _fact(value: object) -> str:
    if isinstance(value, list):
        return "+".join(map(str, value)) or "-"
    return str(value).lower() if isinstance(value, bool) else str(value)
