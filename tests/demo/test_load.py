"""The demo: the people of the domain page, the same for the same seed, dated from today."""

from typing import Any

import sqlalchemy as sa

from plugins.events.models import Registration, Share
from plugins.events.states import LIVE
from portal import clock
from portal.accounts.models import Account, Consent
from portal.accounts.passwords import verify_password
from portal.claims.models import ClaimEvent, ClaimState, UnitClaim
from portal.club.models import Club, LegalText
from portal.crypto import lookup_hash
from portal.demo.cast import MEMBERS, OWNER, SPOUSE, STAFF, WAITING
from portal.demo.names import card_numbers, named_phone, neighbour_phone
from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.storage import path_of
from portal.i18n import LANGUAGES
from portal.members.models import HouseholdStay, Member, Person
from portal.permissions.models import RoleGrant
from portal.phones import mask_phone, normalize_phone
from portal.projects.models import Ownership, Project, ProjectInterest, Role, Unit
from portal.projects.queries import homes_of, past_homes_of
from portal.roster import queries as roster
from tests.demo.conftest import NEIGHBOURS


def count(model: Any, *where: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*where)) or 0


def member(name: str) -> Member:
    return db.session.scalars(sa.select(Member).where(Member.name == name)).one()


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


def test_the_seats_of_every_household_at_an_activity_tie_out(demo: None) -> None:
    live = sa.select(
        Registration.occurrence_id, Registration.household_id, sa.func.sum(Registration.seats)
    ).where(Registration.state.in_(LIVE))
    grouped = live.group_by(Registration.occurrence_id, Registration.household_id)
    shares = sa.select(Share.occurrence_id, Share.household_id, Share.seats).where(Share.seats > 0)
    found = {tuple(row) for row in db.session.execute(shares)}
    assert found == {tuple(row) for row in db.session.execute(grouped)}
    assert len(found) > NEIGHBOURS
