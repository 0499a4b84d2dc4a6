"""Recording facts and withdrawing them, in the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal import clock
from portal.columns import new_public_id, storable
from portal.extensions import db
from portal.facts.models import KEY_LENGTH, SOURCE_LENGTH, SUBJECT_LENGTH, Fact, Subject

MOST_FEN = 10**14
"""The largest amount of a fact, either way: a trillion yuan is a slip of the keyboard."""


_facts: Any = Fact.__table__
_written = tuple(column for column in _facts.c if column.name != "id")
# As text: SQLAlchemy compiles an INSERT with ON CONFLICT anew each time.
_claim = (
    sa.text(
        f"INSERT INTO {_facts.name} ({', '.join(column.name for column in _written)})"  # noqa: S608
        f" VALUES ({', '.join(f':{column.name}' for column in _written)})"
        " ON CONFLICT (source, key) DO NOTHING RETURNING id"
    )
    .bindparams(*(sa.bindparam(column.name, type_=column.type) for column in _written))
    .columns(id=sa.BigInteger)
)


class FactError(Exception):
    """The fact is refused; `code`: source_invalid, key_invalid, subject_invalid, amount_invalid."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class NewFact:
    """What is to be recorded; see portal.facts.models.Fact. `amount` is in fen."""

    source: str
    key: str
    business_date: date
    member_id: int | None = None
    household_id: int | None = None
    unit_id: int | None = None
    project_id: int | None = None
    category: str = ""
    amount: int | None = None
    subject: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Recorded:
    """The fact's row; whether this call made it, and whether its subject is withdrawn."""

    fact: Fact
    is_new: bool
    is_withdrawn: bool = False


def record(*, new: NewFact, seen: Mapping[str, Any] | None = None) -> Recorded:
    """Keep a fact; the same source and key again is the same fact, and nothing is written.

    A recording of the same fact or about the same subject that is under way is waited for.
    Raises FactError.
    """
    check(new)
    withdrawn_on = lock_subject(new.subject) if new.subject else None
    row = {
        "public_id": new_public_id(),
        "created_at": clock.now(),
        "source": new.source,
        "key": new.key,
        "subject": new.subject,
        "business_date": new.business_date,
        "member_id": new.member_id,
        "household_id": new.household_id,
        "unit_id": new.unit_id,
        "project_id": new.project_id,
        "category": storable(new.category),
        "amount": new.amount,
        "facts": dict(new.facts),
        "seen": dict(seen or {}),
    }
    db.session.flush()
    made = db.session.connection().execute(_claim, row).scalar()
    if made is not None:
        fact = db.session.get_one(Fact, made)
    else:
        fact = db.session.scalars(
            sa.select(Fact).where(Fact.source == new.source, Fact.key == new.key)
        ).one()
    return Recorded(fact, made is not None, withdrawn_on is not None)


def withdraw(*, subject: str, on: date, reason: str = "") -> bool:
    """Withdraw all facts about `subject`, those that are still to come too; tell if that is new.

    Raises FactError.
    """
    if not 0 < len(subject) <= SUBJECT_LENGTH:
        raise FactError("subject_invalid")
    lock_subject(subject)
    changed: Any = db.session.execute(
        sa.update(Subject)
        .where(Subject.subject == subject, Subject.withdrawn_on.is_(None))
        .values(withdrawn_on=on, withdrawn_at=clock.now(), reason=reason[:40])
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)


def lock_subject(subject: str) -> date | None:
    """Lock the subject's row, made when it is new; return since when it is withdrawn."""
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    insert = dialect.insert(Subject.__table__).values(
        subject=subject, reason="", created_at=clock.now()
    )
    locked = insert.on_conflict_do_update(
        index_elements=["subject"], set_={"subject": insert.excluded.subject}
    ).returning(Subject.__table__.c.withdrawn_on)
    found: date | None = db.session.execute(locked).scalar_one()
    return found


def check(new: NewFact) -> None:
    """Refuse a fact that cannot be. Raises FactError."""
    if not 0 < len(new.source) <= SOURCE_LENGTH:
        raise FactError("source_invalid")
    if not 0 < len(new.key) <= KEY_LENGTH:
        raise FactError("key_invalid")
    if new.subject is not None and not 0 < len(new.subject) <= SUBJECT_LENGTH:
        raise FactError("subject_invalid")
    if new.amount is not None and (type(new.amount) is not int or abs(new.amount) > MOST_FEN):
        raise FactError("amount_invalid")
