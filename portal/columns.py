"""Column types and mix-ins that every table shares."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware datetime, stored in UTC; a naive one is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def new_public_id() -> str:
    """Return a random 128-bit id for URLs: 22 URL-safe characters, no order in time.

    The first is no "-": commands would take such an id for an option.
    """
    made = secrets.token_urlsafe(16)
    return new_public_id() if made.startswith("-") else made


def storable(text: str) -> str:
    """Return a text as both databases take it: NUL and halves of surrogate pairs written out."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


def foreign_key(target: str, **options: Any) -> Any:
    """Return an indexed bigint column that refers to `target` and forbids its deletion."""
    options.setdefault("index", True)
    return mapped_column(BIG, sa.ForeignKey(target, ondelete="RESTRICT"), **options)


def one_of(column: str, values: type[StrEnum], name: str | None = None) -> sa.CheckConstraint:
    """Return the CHECK that holds a text column to the members of a StrEnum."""
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=name or f"{column}_known")


def unique_where(name: str, *columns: str, where: str) -> sa.Index:
    """Return a unique index over the rows that fulfil `where` only, on both databases."""
    condition = sa.text(where)
    return sa.Index(name, *columns, unique=True, sqlite_where=condition, postgresql_where=condition)


Texts = Mapping[str, str]
"""One text in several languages: {locale: text}, the club's default locale always present."""

primary_key = Annotated[
    int, mapped_column(BIG, sa.Identity(cache=100), primary_key=True, sort_order=-10)
]
"""A 64-bit id; sequences hand out blocks of 100, so that no row is hot on a distributed engine."""
public_id = Annotated[
    str, mapped_column(sa.String(22), unique=True, default=new_public_id, sort_order=-9)
]
utc = Annotated[datetime, mapped_column(UtcDateTime)]
created_at = Annotated[datetime, mapped_column(UtcDateTime, default=clock.now, sort_order=90)]
code = Annotated[str, mapped_column(sa.String(40))]
name_text = Annotated[str, mapped_column(sa.String(80))]
texts = Annotated[Texts, mapped_column(sa.JSON)]


class Identified:
    """A row with an internal id and a public one."""

    id: Mapped[primary_key]
    public_id: Mapped[public_id]
    created_at: Mapped[created_at]
