"""Finding members of one project: words, phone tails, homes, roles, stages."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager
from werkzeug.datastructures import MultiDict

from portal.accounts.models import Account
from portal.claims.models import OPEN_STATES, UnitClaim
from portal.crypto import lookup_hash
from portal.extensions import db
from portal.members.models import Member
from portal.phones import PhoneError, normalize_phone
from portal.projects.addresses import part_key, parts_of, place_key, split_part
from portal.projects.models import Building, Ownership, Project, Role, Unit
from portal.search.folding import is_chinese
from portal.search.queries import ids_found
from portal.staff.belonging import belonging
from portal.staff.stages import Stage, in_stage, stage_of

QUERY_MAX = 60
_BUILDING_WORDS = ("号楼", "號樓", "栋", "棟", "幢", "座", "#")
_CARD_PART = 3
"""Fewer digits of a card number match too many cards."""


@dataclass(frozen=True)
class MemberFilter:
    """What the list of a project's members is narrowed to."""

    query: str = ""
    role: Role | None = None
    stage: Stage | None = None
    claim: bool = False

    @classmethod
    def read(cls, args: MultiDict[str, str]) -> "MemberFilter":
        """Return the filter in an address; a value that nobody offered counts as none."""
        role, stage = args.get("role", ""), args.get("stage", "")
        return cls(
            query=" ".join(args.get("q", "").replace("\0", "").split())[:QUERY_MAX],
            role=Role(role) if role in set(Role) else None,
            stage=Stage(stage) if stage in set(Stage) else None,
            claim=args.get("claim") == "1",
        )

    def args(self, **changes: str | None) -> dict[str, str]:
        """Return the address's part for this filter with some conditions changed or dropped."""
        values = {
            "q": self.query or None,
            "role": self.role,
            "stage": self.stage,
            "claim": "1" if self.claim else None,
            **changes,
        }
        return {name: str(value) for name, value in values.items() if value}

    @property
    def by_phone(self) -> str | None:
        """Tell by which part of a phone this looks: phone, phone_tail or, mostly, none."""
        return phone_part(self.query)


@dataclass(frozen=True)
class Counts:
    """How many members a project has, by stage, and how many the filter leaves."""

    total: int
    households: int
    stages: Mapping[str, int]
    claims: int
    found: int


@dataclass(frozen=True)
class MemberRow:
    """A member in the list of one project."""

    member: Member
    stage: Stage
    claim_waiting: bool
    homes: Sequence[Ownership] = field(default_factory=list)


def phone_part(query: str) -> str | None:
    """Tell which part of a phone a text may be: phone, phone_tail or, mostly, none."""
    if _full_phone(query):
        return "phone"
    return "phone_tail" if re.fullmatch(r"\d{4}", _digits(query)) else None


def members_of(
    project: Project, wanted: MemberFilter, today: date
) -> sa.Select[tuple[Member, date, bool]]:
    """Return the statement of a project's members under a filter: member, since when, claims."""
    since, claims = _since(project), _claims(project)
    claim = claims.c.member_id.is_not(None)
    statement = (
        sa.select(Member, since.c.since, claim.label("claim"))
        .outerjoin(since, since.c.member_id == Member.id)
        .outerjoin(claims, claims.c.member_id == Member.id)
        .where(*belonging(project))
    )
    if wanted.query:
        statement = statement.where(_matches(project, wanted.query))
    if wanted.role:
        statement = statement.where(
            Member.id.in_(_owners(project).where(Ownership.role == wanted.role))
        )
    if wanted.stage:
        statement = statement.where(in_stage(since.c.since, wanted.stage, today))
    if wanted.claim:
        statement = statement.where(claim)
    return statement


def count_members(project: Project, wanted: MemberFilter, today: date) -> Counts:
    """Return a project's figures and how many members the filter leaves, in one statement."""
    everyone = members_of(project, MemberFilter(), today).subquery()
    found: sa.ColumnElement[Any] = sa.null()
    if wanted.args():
        matching = members_of(project, wanted, today)
        found = matching.with_only_columns(sa.func.count()).scalar_subquery()
    stages = [_number_of(in_stage(everyone.c.since, stage, today)) for stage in Stage]
    row = db.session.execute(
        sa.select(
            sa.func.count(),
            sa.func.count(everyone.c.household_id.distinct()),
            _number_of(everyone.c.claim),
            found,
            *stages,
        ).select_from(everyone)
    ).one()
    total, households, claims, left, *by_stage = row
    return Counts(
        total=total,
        households=households,
        claims=claims,
        found=total if left is None else left,
        stages=dict(zip(Stage, by_stage, strict=True)),
    )


def with_homes(
    project: Project, rows: Collection[tuple[Member, date | None, bool]], today: date
) -> list[MemberRow]:
    """Return rows of `members_of` with the members' present homes in the project."""
    homes: dict[int, list[Ownership]] = defaultdict(list)
    ids = [member.id for member, _since, _claim in rows]
    for home in (
        db.session.scalars(_homes(project).where(Ownership.member_id.in_(ids))) if ids else ()
    ):
        homes[home.member_id].append(home)
    return [
        MemberRow(member, stage_of(since, today), bool(claim), homes[member.id])
        for member, since, claim in rows
    ]


def find_member_of(project: Project, public_id: str) -> Member | None:
    """Return a member of the project, the account loaded; nobody of another project."""
    return db.session.scalar(
        sa.select(Member)
        .join(Member.account)
        .options(contains_eager(Member.account))
        .where(Member.public_id == public_id, *belonging(project))
    )


def _owners(project: Project) -> sa.Select[tuple[int]]:
    return sa.select(Ownership.member_id).where(
        Ownership.project_id == project.id, Ownership.until.is_(None)
    )


def _homes(project: Project) -> sa.Select[tuple[Ownership]]:
    return (
        sa.select(Ownership)
        .join(Ownership.unit)
        .join(Unit.building)
        .options(contains_eager(Ownership.unit).contains_eager(Unit.building))
        .where(Ownership.project_id == project.id, Ownership.until.is_(None))
        .order_by(Ownership.since, Ownership.id)
    )


def _since(project: Project) -> sa.Subquery:
    """Return since when each member has had a home in the project."""
    return (
        sa.select(Ownership.member_id, sa.func.min(Ownership.since).label("since"))
        .where(Ownership.project_id == project.id, Ownership.until.is_(None))
        .group_by(Ownership.member_id)
        .subquery()
    )


def _claims(project: Project) -> sa.Subquery:
    """Return the members with a claim that waits in the project."""
    return (
        sa.select(UnitClaim.member_id)
        .where(UnitClaim.project_id == project.id, UnitClaim.state.in_(OPEN_STATES))
        .distinct()
        .subquery()
    )


def _number_of(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


def _matches(project: Project, query: str) -> sa.ColumnElement[bool]:
    """Match any part of a name, a card number, a phone or its tail, a home of the project."""
    ways = [_named(project, query)]
    digits = _digits(query)
    if digits.isdecimal() and len(digits) >= _CARD_PART:
        ways.append(Member.card_number.contains(digits, autoescape=True))
    if re.fullmatch(r"\d{4}", digits):
        tail = lookup_hash("phone_tail", digits)
        ways.append(
            Member.account_id.in_(sa.select(Account.id).where(Account.phone_tail_hash == tail))
        )
    if phone := _full_phone(query):
        whole = lookup_hash("phone", phone)
        ways.append(Member.account_id.in_(sa.select(Account.id).where(Account.phone_hash == whole)))
    if home := _home(query):
        ways.append(
            Member.id.in_(_owners(project).join(Ownership.unit).join(Unit.building).where(*home))
        )
    return sa.or_(*ways)


def _named(project: Project, query: str) -> sa.ColumnElement[bool]:
    """Match names: Chinese by the search index, which folds traditional characters; other scripts
    by any part, since the index knows whole words only."""
    found = ids_found(query, "member", project.id) if is_chinese(query) else None
    if found is None:
        return Member.name.icontains(query, autoescape=True)
    return Member.id.in_(found)


def _home(query: str) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions of a home as typed: "2栋", "1502", "2栋1502", "2-1-1502"."""
    parts = parts_of(query)
    match parts:
        case [only] if split_part(query)[1] in _BUILDING_WORDS:
            return (Building.key == part_key(only),)
        case [only] if only[:1].isdigit():
            return (_number(only),)
        case [building, number] if number[:1].isalnum():
            return (Building.key == part_key(building), _number(number))
        case [building, entrance, number]:
            return (Building.key == part_key(building), Unit.place == place_key(entrance, number))
    return ()


def _number(number: str) -> sa.ColumnElement[bool]:
    return Unit.place.endswith(f"/{part_key(number)}", autoescape=True)


def _digits(text: str) -> str:
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))


def _full_phone(text: str) -> str | None:
    try:
        return normalize_phone(text)
    except PhoneError:
        return None
