"""Rows for tests: each function adds and commits, so that a request sees them."""

import io
import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, timedelta
from typing import Any, TypeVar

from flask.testing import FlaskClient
from PIL import Image

from portal import clock
from portal.accounts.models import Account, SignIn, SignInMethod
from portal.columns import new_public_id
from portal.crypto import lookup_hash, token_hash
from portal.extensions import db
from portal.members.models import Household, HouseholdStay, Member
from portal.permissions.models import RoleGrant
from portal.projects.addresses import part_key
from portal.projects.models import Building, Ownership, Project, ProjectInterest, Role, Unit
from portal.roster.models import RosterEntry
from portal.tokens.service import issue_service_token, open_sign_in

_Row = TypeVar("_Row")
_numbers = itertools.count(1)
_joined: ContextVar[bool] = ContextVar("joined", default=False)


@contextmanager
def together() -> Iterator[None]:
    """Commit once, at the end, what is made in the block: a commit also writes the search index."""
    if _joined.get():
        yield
        return
    token = _joined.set(True)
    try:
        yield
    finally:
        _joined.reset(token)
    db.session.commit()


def add(row: _Row) -> _Row:
    """Add a row, commit (unless others are made with it), and return it."""
    db.session.add(row)
    if _joined.get():
        db.session.flush()
    else:
        db.session.commit()
    return row


def make_phone() -> str:
    """Return a new fictional number of the 199-0000 range."""
    return f"+86199{next(_numbers):08d}"


def make_account(*, phone: str | None = None, email: str | None = None, **values: Any) -> Account:
    """Add an account with a phone."""
    phone = phone or make_phone()
    values.setdefault("display_name", "测试")
    return add(
        Account(
            phone=phone,
            phone_hash=lookup_hash("phone", phone),
            phone_tail_hash=lookup_hash("phone_tail", phone[-4:]),
            email=email,
            **values,
        )
    )


@together()
def make_member(*, name: str = "林晓芸", account: Account | None = None, **values: Any) -> Member:
    """Add a member in a household of their own."""
    account = account or make_account(display_name=name)
    household = values.pop("household", None) or add(Household())
    joined = values.pop("joined_on", date(2023, 3, 1))
    member = add(
        Member(
            account_id=account.id,
            household_id=household.id,
            card_number=f"{88000000 + next(_numbers)}",
            name=name,
            joined_on=joined,
            **values,
        )
    )
    add(HouseholdStay(member_id=member.id, household_id=household.id, since=joined))
    return member


def make_project(*, slug: str = "binjiang", name: str = "滨江府") -> Project:
    """Add a project."""
    texts = {"zh_Hans_CN": name, "zh_Hant": name, "en": slug.title()}
    return add(
        Project(slug=slug, name=texts, welcome=texts, city={"zh_Hans_CN": "杭州", "en": "Hangzhou"})
    )


@together()
def make_unit(
    project: Project, *, building: str = "2", entrance: str = "", number: str = "1502"
) -> Unit:
    """Add a home, and its building when it is the first there."""
    key = part_key(building)
    found = db.session.query(Building).filter_by(project_id=project.id, key=key).one_or_none()
    found = found or add(Building(project_id=project.id, name=building))
    return add(
        Unit(
            project_id=project.id,
            building_id=found.id,
            entrance=entrance,
            number=number,
            area=14300,
        )
    )


def make_ownership(
    member: Member, unit: Unit, *, role: str = Role.OWNER, **values: Any
) -> Ownership:
    """Make `member` a verified owner (or another role) of `unit`."""
    if unit.household_id is None and role == Role.OWNER:
        unit.household_id = member.household_id
    return add(
        Ownership(
            unit=unit,
            member=member,
            project_id=unit.project_id,
            role=role,
            since=values.pop("since", date(2023, 6, 18)),
            **values,
        )
    )


@together()
def make_owner(project: Project, **values: Any) -> Member:
    """Add a member with a verified home in `project`."""
    member = make_member(**values)
    make_ownership(member, make_unit(project, number=f"{next(_numbers):04d}"))
    return member


@together()
def make_follower(project: Project, **values: Any) -> Member:
    """Add a member who follows `project` without a home there."""
    member = make_member(**values)
    add(ProjectInterest(member_id=member.id, project_id=project.id))
    return member


@together()
def make_staff(role: str, project: Project | None = None, **values: Any) -> Account:
    """Add an account that holds `role` in `project`, or club-wide."""
    account = make_account(**values)
    add(RoleGrant(account_id=account.id, role=role, project_id=project.id if project else None))
    return account


def sign_in(client: FlaskClient, account: Account | Member) -> FlaskClient:
    """Give `client` the session of `account`, and return it."""
    account_id = account.account_id if isinstance(account, Member) else account.id
    token = secrets.token_urlsafe(16)
    now = clock.now()
    add(
        SignIn(
            public_id=new_public_id(),
            account_id=account_id,
            token_hash=token_hash(token),
            method=SignInMethod.PASSWORD,
            second_factor=True,
            last_seen_at=now,
            confirmed_at=now,
            created_at=now - timedelta(minutes=1),
        )
    )
    with client.session_transaction() as session:
        session["_user_id"] = token
        session["_fresh"] = True
    return client


def make_roster_entry(unit: Unit, account: Account, **values: Any) -> RosterEntry:
    """Name the account's phone for a home on the roster."""
    phone = str(values.pop("phone", None) or account.phone)
    values.setdefault("name", account.display_name)
    values.setdefault("role", Role.OWNER)
    return add(
        RosterEntry(
            project_id=unit.project_id,
            unit_id=unit.id,
            phone=phone,
            phone_hash=lookup_hash("phone", phone),
            phone_tail_hash=lookup_hash("phone_tail", phone[-4:]),
            **values,
        )
    )


def picture_bytes(size: tuple[int, int] = (800, 600), kind: str = "PNG", **options: Any) -> bytes:
    """Return a plain picture as a file's bytes."""
    out = io.BytesIO()
    Image.new("RGB", size, "#a8261b").save(out, kind, **options)
    return out.getvalue()


def photo(data: bytes | None = None, name: str = "deed.png") -> tuple[io.BytesIO, str]:
    """Return a form's file, as the test client sends it."""
    return io.BytesIO(picture_bytes() if data is None else data), name


def make_token(account: Account | Member) -> str:
    """Sign a program of `account` in to the JSON API, and return its token."""
    account_id = account.account_id if isinstance(account, Member) else account.id
    _row, token = open_sign_in(
        account=db.session.get_one(Account, account_id),
        method=SignInMethod.PASSWORD,
        second_factor=True,
        name="Mini-program",
        network="127.0.0.0/24",
    )
    db.session.commit()
    return token


def make_service_token(*scopes: str, project: Project | None = None) -> str:
    """Issue a service's token, and return it."""
    _row, token = issue_service_token(
        actor=None, name="Kiosk", scopes=scopes, project_id=project.id if project else None
    )
    db.session.commit()
    return token
