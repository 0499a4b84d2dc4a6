"""The demo: the people of the domain page, the same for the same seed, dated from today."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.accounts.models import Account, Consent
from portal.accounts.passwords import verify_password
from portal.claims.models import ClaimEvent, ClaimState, UnitClaim
from portal.club.models import Club, LegalText
from portal.crypto import lookup_hash
from portal.demo import loader
from portal.demo.cast import MEMBERS, OWNER, SPOUSE, STAFF, WAITING
from portal.demo.cli import commands
from portal.demo.names import card_numbers, named_phone, neighbour_phone
from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.storage import path_of
from portal.i18n import LANGUAGES
from portal.members.models import HouseholdStay, Member, Person
from portal.permissions.models import RoleGrant
from portal.phones import mask_phone, normalize_phone
from portal.projects.models import Building, Ownership, Project, ProjectInterest, Role, Unit
from portal.projects.queries import homes_of, past_homes_of
from portal.roster import queries as roster
from tests import factories as make

NEIGHBOURS = 120


@pytest.fixture
def demo(app: Flask) -> None:
    loader.load(members=NEIGHBOURS, seed=1)
    db.session.commit()


def count(model: Any, *where: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*where)) or 0


def member(name: str) -> Member:
    return db.session.scalars(sa.select(Member).where(Member.name == name)).one()


def digest() -> str:
    """Return what must not differ between two loads with one seed."""
    rows = db.session.execute(
        sa.select(Member.name, Member.card_number, Member.joined_on, Building.name, Unit.number)
        .outerjoin(Ownership, Ownership.member_id == Member.id)
        .outerjoin(Unit, Unit.id == Ownership.unit_id)
        .outerjoin(Building, Building.id == Unit.building_id)
        .order_by(Member.card_number, Building.name, Unit.number)
    )
    return hashlib.sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()


def test_the_same_seed_makes_the_same_people(app: Flask, request: Any) -> None:
    digests = []
    for seed in (7, 7, 8):
        loader.load(members=40, seed=seed)
        db.session.flush()
        digests.append(digest())
        db.session.rollback()
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_everybody_who_signs_in_is_there(demo: None) -> None:
    kept = {account.email: account for account in db.session.scalars(sa.select(Account))}
    for person in (*MEMBERS, *STAFF):
        if person.email:
            account = kept[person.email]
            assert verify_password(account.password_hash, "demo-password")
            assert account.is_demo
    assert count(Account, Account.is_demo.is_(False)) == 0


def test_roles_are_for_the_project_or_the_club(demo: None) -> None:
    rows = db.session.execute(
        sa.select(Account.email, RoleGrant.role, Project.slug)
        .join(Account, Account.id == RoleGrant.account_id)
        .outerjoin(Project, Project.id == RoleGrant.project_id)
    )
    assert {tuple(row) for row in rows} == {(w.email, w.role, w.project) for w in STAFF}


def test_the_owner_has_two_homes_and_a_household_of_four(demo: None) -> None:
    owner = member(OWNER.name)
    assert [home.unit.number for home in homes_of(owner.id)] == ["1502", "601"]
    assert [home.end_reason for home in past_homes_of(owner.id)] == ["sale"]
    assert count(Member, Member.household_id == owner.household_id) == 2
    assert count(Person, Person.household_id == owner.household_id) == 2
    assert member(SPOUSE.name).household_id == owner.household_id
    child = db.session.scalars(sa.select(Person).where(Person.relation == "child")).one()
    assert child.guardian_id == owner.id


def test_claims_wait_in_every_state(demo: None) -> None:
    states = set(db.session.scalars(sa.select(UnitClaim.state)))
    assert states >= {
        ClaimState.PENDING,
        ClaimState.NEEDS_MORE,
        ClaimState.DISPUTED,
        ClaimState.REFUSED,
    }
    for claim in db.session.scalars(sa.select(UnitClaim)):
        steps = db.session.scalars(
            sa.select(ClaimEvent).where(ClaimEvent.claim_id == claim.id).order_by(ClaimEvent.id)
        ).all()
        assert steps[0].to_state == ClaimState.PENDING
        assert steps[-1].to_state == claim.state
        times = [step.created_at for step in steps]
        assert times == sorted(times)
        assert times[-1] <= clock.now()


def test_the_new_owner_waits_in_siji_with_a_photo(demo: None) -> None:
    claim = db.session.scalars(
        sa.select(UnitClaim).join(UnitClaim.member).where(Member.name == "陈明")
    ).one()
    assert claim.state == ClaimState.PENDING
    assert db.session.get_one(Project, claim.project_id).slug == "siji"
    assert claim.unit_id is not None
    file = db.session.scalars(
        sa.select(StoredFile).where(StoredFile.owner_key == claim.public_id)
    ).one()
    assert path_of(file.storage_name).read_bytes()[:3] == b"\xff\xd8\xff"
    assert (file.width or 0) > 500


def test_the_printed_pair_is_on_the_roster_and_free(demo: None) -> None:
    entries = roster.match(lookup_hash("phone", WAITING[0].phone), WAITING[0].name)
    assert [entry.unit.number for entry in entries] == [WAITING[0].door]
    assert count(Account, Account.phone_hash == lookup_hash("phone", WAITING[0].phone)) == 0


def test_all_that_wait_have_no_account(demo: None) -> None:
    hashes = [lookup_hash("phone", waiting.phone) for waiting in WAITING]
    assert count(Account, Account.phone_hash.in_(hashes)) == 0


def test_neighbours_have_a_household_and_a_stay_each(demo: None) -> None:
    assert count(Member) == NEIGHBOURS + len(MEMBERS)
    open_stays = sa.select(HouseholdStay.member_id).where(HouseholdStay.until.is_(None))
    assert count(Member, Member.id.not_in(open_stays)) == 0
    differing = db.session.execute(
        sa.select(Member.id)
        .join(HouseholdStay, HouseholdStay.member_id == Member.id)
        .where(HouseholdStay.until.is_(None), HouseholdStay.household_id != Member.household_id)
    ).all()
    assert differing == []


def test_every_member_belongs_to_a_project(demo: None) -> None:
    belonging = sa.union(
        sa.select(Ownership.member_id), sa.select(ProjectInterest.member_id)
    ).subquery()
    lonely = db.session.scalars(
        sa.select(Member.name).where(Member.id.not_in(sa.select(belonging.c.member_id)))
    ).all()
    claimants = {"吴海涛", "孙丽", "郑凯", "冯雪", "何志强"}
    assert set(lonely) <= claimants


def test_a_home_counts_for_its_owners_household(demo: None) -> None:
    wrong = db.session.execute(
        sa.select(Unit.id)
        .join(Ownership, Ownership.unit_id == Unit.id)
        .join(Member, Member.id == Ownership.member_id)
        .where(
            Ownership.role != Role.TENANT,
            Ownership.until.is_(None),
            Unit.household_id != Member.household_id,
        )
    ).all()
    assert wrong == []
    owned = sa.select(Ownership.unit_id).where(
        Ownership.role == Role.OWNER, Ownership.until.is_(None)
    )
    assert count(Unit, Unit.household_id.is_not(None), Unit.id.not_in(owned)) == 0


def test_everybody_accepted_the_legal_texts_after_they_were_published(demo: None) -> None:
    assert count(Consent) == 2 * count(Member)
    early = db.session.execute(
        sa.select(Consent.id)
        .join(LegalText, LegalText.id == Consent.legal_text_id)
        .where(Consent.created_at < LegalText.published_at)
    ).all()
    assert early == []


def test_texts_are_there_in_every_language(demo: None) -> None:
    club = db.session.scalars(sa.select(Club)).one()
    texts = [club.name, club.tagline]
    texts += [text.body for text in db.session.scalars(sa.select(LegalText))]
    for project in db.session.scalars(sa.select(Project)):
        texts += [project.name, project.welcome, project.city]
    assert all(each.get(language) for each in texts for language in LANGUAGES)


def test_phones_are_fictional_and_mobile() -> None:
    for phone in (named_phone(1), named_phone(120), neighbour_phone(0), neighbour_phone(99_999)):
        assert normalize_phone(phone) == phone
        assert mask_phone(phone).startswith("199****")


def test_card_numbers_never_repeat_and_leave_out_the_cast() -> None:
    taken = frozenset({"10000007"})
    cards = [card for card, _ in zip(card_numbers(taken), range(50_000), strict=False)]
    assert len(set(cards)) == len(cards)
    assert "10000007" not in cards
    assert all(len(card) == 8 for card in cards)


@pytest.mark.parametrize(
    "today", [datetime(2024, 2, 29, 3, tzinfo=UTC), datetime(2031, 1, 1, 18, tzinfo=UTC)]
)
def test_dates_follow_today(app: Flask, monkeypatch: Any, today: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: today)
    loader.load(members=30, seed=1)
    db.session.flush()
    newest = db.session.scalar(sa.select(sa.func.max(UnitClaim.created_at)))
    assert newest is not None
    assert 0 <= (today - newest).total_seconds() < 3 * 86400
    here = clock.business_date("Asia/Shanghai", today)
    owner = member(OWNER.name)
    assert (here - owner.joined_on).days == OWNER.joined
    assert (db.session.scalar(sa.select(sa.func.max(Member.joined_on))) or here) <= here
    assert (db.session.scalar(sa.select(sa.func.max(Ownership.since))) or here) <= here
    assert (db.session.scalar(sa.select(sa.func.max(Unit.handover_on))) or here) <= here


# --- the command --------------------------------------------------------------------------------


@pytest.fixture
def run(app: Flask) -> Any:
    def invoke(*args: Any) -> Any:
        # What the test has open would lock the command out.
        db.session.commit()
        return app.test_cli_runner().invoke(*args)

    return invoke


def test_the_command_loads_and_says_who_is_who(run: Any) -> None:
    result = run(commands, ["load", "--members", "5"])
    assert result.exit_code == 0, result.output
    for person in (*MEMBERS, *STAFF):
        assert not person.email or person.email in result.output
    assert WAITING[0].name in result.output
    assert WAITING[0].phone[3:] in result.output
    assert count(Member) == 5 + len(MEMBERS)


def test_who_has_joined_is_not_offered_again(run: Any) -> None:
    run(commands, ["load", "--members", "0"])
    make.make_account(phone=WAITING[0].phone)
    result = run(commands, ["load", "--if-empty"])
    assert WAITING[0].phone[3:] not in result.output
    assert WAITING[1].phone[3:] in result.output
    for each in WAITING[1:]:
        make.make_account(phone=each.phone)
    assert "Try joining" not in run(commands, ["load", "--if-empty"]).output


def test_loading_twice_is_refused_and_changes_nothing(run: Any) -> None:
    run(commands, ["load", "--members", "0"])
    before = count(Member)
    result = run(commands, ["load", "--members", "5"])
    assert result.exit_code == 1
    assert "already holds a club" in result.output
    assert count(Member) == before


def test_if_empty_leaves_a_loaded_demo_and_says_who(run: Any) -> None:
    run(commands, ["load", "--members", "0"])
    result = run(commands, ["load", "--if-empty"])
    assert result.exit_code == 0
    assert "owner@demo.test" in result.output
    assert count(Member) == len(MEMBERS)


def test_if_empty_leaves_a_real_club_alone(run: Any) -> None:
    make.make_member()
    result = run(commands, ["load", "--if-empty"])
    assert result.exit_code == 0
    assert "not the demo" in result.output
    assert "demo-password" not in result.output
    assert count(Member) == 1


def test_outside_demo_mode_the_command_refuses(app: Flask, run: Any, monkeypatch: Any) -> None:
    settings = replace(app.extensions["portal.settings"], demo=False)
    monkeypatch.setitem(app.extensions, "portal.settings", settings)
    result = run(commands, ["load", "--if-empty"])
    assert result.exit_code == 1
    assert "PORTAL_DEMO=1" in result.output
    assert count(Account) == 0


def test_a_load_that_fails_leaves_nothing(app: Flask, run: Any, monkeypatch: Any) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("half way")

    monkeypatch.setattr(loader, "add_neighbours", fail)
    result = run(commands, ["load"])
    assert result.exit_code == 1
    db.session.rollback()
    assert count(Account) == 0
    assert count(Club) == 0
