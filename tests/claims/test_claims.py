"""Claiming a home: at once by the roster, by staff, or disputed."""

from datetime import date

import pytest

from portal import clock
from portal.accounts.models import Account
from portal.audit.models import AuditEntry
from portal.claims.decisions import Approval, Decision, Resolution, decide
from portal.claims.errors import ClaimError, IllegalTransitionError
from portal.claims.matching import name_key
from portal.claims.models import ClaimEvent, ClaimReason, UnitClaim
from portal.claims.queries import history_for_claimant, shown_state
from portal.claims.service import (
    OPEN_LIMIT,
    add_proof,
    claim_from_roster,
    submit_claim,
    withdraw_claim,
)
from portal.extensions import db
from portal.files.pictures import Picture
from portal.files.queries import files_of
from portal.projects.errors import HomeError
from portal.projects.models import Ownership, Role, Unit
from portal.projects.queries import homes_of, people_of
from tests.factories import (
    make_account,
    make_member,
    make_ownership,
    make_project,
    make_roster_entry,
    make_staff,
    make_unit,
    picture_bytes,
)

DAY = date(2024, 5, 1)


@pytest.fixture
def project(app):
    return make_project()


@pytest.fixture
def unit(project):
    return make_unit(project, building="2栋", entrance="1单元", number="1502")


@pytest.fixture
def staff(project):
    return make_staff("staff", project)


@pytest.fixture
def chen(project):
    return make_member(name="陈明")


def account_of(member):
    return db.session.get(Account, member.account_id)


def proof(count=1):
    data = picture_bytes((64, 64), "JPEG")
    return [Picture(data, 64, 64, f"{number}.jpg") for number in range(count)]


def submit(member, project, pictures=None, **values):
    values = {
        "building": "2栋",
        "entrance": "1单元",
        "number": "1502",
        "role": Role.OWNER,
        "name": member.name,
        **values,
    }
    claim = submit_claim(
        actor=account_of(member),
        member=member,
        project=project,
        pictures=proof() if pictures is None else pictures,
        **values,
    )
    db.session.commit()
    return claim


def approve(staff, claim, **details):
    place = decide(
        actor=staff,
        claim=claim,
        decision=Decision.APPROVE,
        reason=ClaimReason.PROOF_GOOD,
        approval=Approval(**details),
    )
    db.session.commit()
    return place


def refused(code):
    return pytest.raises((ClaimError, HomeError), match=f"^{code}$")


def test_a_claim_waits_for_staff(project, unit, staff, chen):
    claim = submit(chen, project)
    assert (claim.state, claim.unit_id) == ("pending", unit.id)
    assert len(files_of("claim", claim.public_id)) == 1
    place = approve(staff, claim)
    assert (claim.state, place.role) == ("approved", "owner")
    assert claim.decided_at is not None
    assert unit.household_id == chen.household_id
    assert [event.to_state for event in history_for_claimant(claim)] == ["pending", "approved"]
    assert {entry.action for entry in db.session.query(AuditEntry)} >= {
        "claim.submitted",
        "claim.approved",
        "ownership.added",
    }


def test_the_roster_verifies_at_once_and_without_a_photo(project, unit, chen):
    entry = make_roster_entry(unit, account_of(chen), name="陈 明")
    claim = submit(chen, project, [])
    assert claim.state == "approved"
    assert [home.unit_id for home in homes_of(chen.id)] == [unit.id]
    db.session.refresh(entry)
    assert entry.claimed_by_id == chen.id


def test_the_rosters_role_counts(project, unit, chen):
    owner = make_member()
    make_ownership(owner, unit)
    make_roster_entry(unit, account_of(owner), claimed_by_id=owner.id)
    make_roster_entry(unit, account_of(chen), name="陈明", role=Role.CO_OWNER)
    submit(chen, project, [], role=Role.OWNER)
    assert [person.role for person in people_of(unit.id)] == ["owner", "co_owner"]
    # Alone until now: the co-owner belongs to the home's household from now on.
    assert chen.household_id == owner.household_id


def test_a_co_owner_of_an_old_roster_does_not_join_a_new_owner(project, unit, chen):
    make_ownership(make_member(), unit)
    make_roster_entry(unit, account_of(chen), name="陈明", role=Role.CO_OWNER)
    assert submit(chen, project, []).state == "disputed"


@pytest.mark.parametrize(
    "values",
    [{"name": "陈亮"}, {"phone": "+8613900139000"}],
)
def test_the_name_or_the_phone_alone_does_not_verify(project, unit, chen, values):
    make_roster_entry(unit, account_of(chen), **{"name": "陈明", **values})
    with refused("proof_needed"):
        submit(chen, project, [])
    db.session.rollback()
    assert submit(chen, project).state == "pending"


def test_another_homes_entry_does_not_verify(project, unit, chen):
    other = make_unit(project, building="9栋", number="101")
    make_roster_entry(other, account_of(chen), name="陈明")
    assert submit(chen, project).state == "pending"


def test_an_entry_of_another_member_does_not_verify(project, unit, chen):
    make_roster_entry(unit, account_of(chen), name="陈明", claimed_by_id=make_member().id)
    assert submit(chen, project).state == "pending"


def test_an_account_without_a_phone_is_never_verified(project, unit):
    account = Account(email="x@demo.test", display_name="陈明")
    db.session.add(account)
    db.session.commit()
    member = make_member(name="陈明", account=account)
    make_roster_entry(unit, make_account(), name="陈明")
    assert submit(member, project).state == "pending"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("陈明", "陈　明"),
        ("阿依古丽·买买提", "阿依古丽•买买提"),
        ("阿依古丽·买买提", "阿依古丽．买买提"),
        ("Li Wei", "ＬＩ ＷＥＩ"),
    ],
)
def test_a_name_is_one_however_typed(one, other):
    assert name_key(one) == name_key(other)


def test_a_taken_home_is_disputed_and_the_claimant_cannot_tell(project, unit, chen):
    make_ownership(make_member(), unit)
    taken = submit(chen, project)
    unknown = submit(chen, project, building="77栋")
    assert (taken.state, unknown.state) == ("disputed", "pending")
    assert shown_state(taken.state) == shown_state(unknown.state)

    def steps(claim):
        return [(event.to_state, event.reason) for event in history_for_claimant(claim)]

    assert steps(taken) == steps(unknown)


def test_a_taken_and_an_unknown_home_cost_the_same(project, unit, chen, query_count):
    make_ownership(make_member(), unit)
    counts = []
    for building in ("2栋", "77栋"):
        with query_count() as sent:
            submit(chen, project, building=building)
        counts.append(len(sent))
    # The dispute's own line in the history is written, nothing more is asked.
    assert abs(counts[0] - counts[1]) <= 2


def test_a_taken_home_that_the_roster_confirms_is_disputed(project, unit, chen):
    make_ownership(make_member(), unit)
    make_roster_entry(unit, account_of(chen), name="陈明")
    assert submit(chen, project, []).state == "disputed"


def test_a_tenants_claim_takes_nothing_and_is_no_dispute(project, unit, staff, chen):
    owner = make_member()
    make_ownership(owner, unit)
    claim = submit(chen, project, role=Role.TENANT)
    assert claim.state == "pending"
    approve(staff, claim)
    assert unit.household_id == owner.household_id != chen.household_id


def test_one_open_claim_a_home_in_any_writing(project, unit, chen):
    submit(chen, project)
    for values in ({"building": "02幢", "entrance": "1"}, {"entrance": "", "number": "1-1502"}):
        with refused("already_claimed"):
            submit(chen, project, **values)
        db.session.rollback()
    assert db.session.query(UnitClaim).count() == 1


def test_a_home_of_ones_own_is_not_claimed(project, unit, chen):
    make_ownership(chen, unit, role=Role.TENANT)
    with refused("already_yours"):
        submit(chen, project)


def test_ten_open_claims_are_enough(project, chen):
    for number in range(OPEN_LIMIT):
        submit(chen, project, number=str(number + 1))
    with refused("too_many"):
        submit(chen, project, number="999")


def test_more_than_four_photos_are_refused(project, chen):
    with refused("too_many_photos"):
        submit(chen, project, proof(5))


def test_more_proof_brings_the_claim_back(project, unit, staff, chen):
    claim = submit(chen, project)
    decide(
        actor=staff,
        claim=claim,
        decision=Decision.MORE,
        reason=ClaimReason.PROOF_UNREADABLE,
        note="请拍第二页",
    )
    db.session.commit()
    assert claim.state == "needs_more"
    with refused("proof_needed"):
        add_proof(actor=account_of(chen), member=chen, claim=claim, pictures=[])
    add_proof(actor=account_of(chen), member=chen, claim=claim, pictures=proof(2), note="补上了")
    db.session.commit()
    assert claim.state == "pending"
    assert len(files_of("claim", claim.public_id)) == 3
    assert history_for_claimant(claim)[1].note == "请拍第二页"


def test_more_proof_for_a_home_taken_meanwhile_is_a_dispute(project, unit, staff, chen):
    claim = submit(chen, project)
    decide(actor=staff, claim=claim, decision=Decision.MORE, reason=ClaimReason.NAME_DIFFERS)
    make_ownership(make_member(), unit)
    add_proof(actor=account_of(chen), member=chen, claim=claim, pictures=proof())
    assert claim.state == "disputed"


def test_a_refusal_gives_a_reason_and_frees_the_address(project, unit, staff, chen):
    claim = submit(chen, project)
    with refused("reason_needed"):
        decide(actor=staff, claim=claim, decision=Decision.REFUSE, reason=ClaimReason.OTHER)
    with refused("reason_needed"):
        decide(actor=staff, claim=claim, decision=Decision.REFUSE, reason=ClaimReason.PROOF_GOOD)
    decide(actor=staff, claim=claim, decision=Decision.REFUSE, reason=ClaimReason.NOT_ENTITLED)
    db.session.commit()
    assert claim.state == "refused"
    assert homes_of(chen.id) == []
    assert submit(chen, project).state == "pending"


def test_a_decided_claim_is_not_decided_again(project, unit, staff, chen):
    claim = submit(chen, project)
    approve(staff, claim)
    for decision, reason in (
        (Decision.REFUSE, ClaimReason.NOT_ENTITLED),
        (Decision.APPROVE, ClaimReason.PROOF_GOOD),
        (Decision.MORE, ClaimReason.NAME_DIFFERS),
    ):
        with pytest.raises(IllegalTransitionError) as illegal:
            decide(actor=staff, claim=claim, decision=decision, reason=reason)
        assert illegal.value.state == "approved"
        db.session.rollback()
    with pytest.raises(IllegalTransitionError):
        withdraw_claim(actor=account_of(chen), claim=claim)


def test_a_withdrawn_claim_is_over(project, unit, staff, chen):
    claim = submit(chen, project)
    withdraw_claim(actor=account_of(chen), claim=claim)
    db.session.commit()
    with pytest.raises(IllegalTransitionError) as illegal:
        approve(staff, claim)
    assert illegal.value.state == "withdrawn"


def test_an_unknown_home_is_added_only_when_staff_say_so(project, staff, chen):
    claim = submit(chen, project, building="7栋", entrance="", number="0301")
    assert claim.unit_id is None
    with refused("unknown_unit"):
        approve(staff, claim)
    db.session.rollback()
    approve(staff, claim, add_unit=True)
    assert claim.unit_id == db.session.query(Unit).one().id


def test_a_home_registered_after_the_claim_is_found(project, staff, chen):
    claim = submit(chen, project)
    unit = make_unit(project, building="2栋", entrance="1单元", number="1502")
    approve(staff, claim)
    assert claim.unit_id == unit.id


@pytest.fixture
def dispute(project, unit, chen):
    present = make_ownership(make_member(name="林晓芸"), unit, since=date(2020, 1, 1))
    return present, submit(chen, project)


def test_a_dispute_asks_what_becomes_of_the_owner(dispute, staff, unit):
    _present, claim = dispute
    with refused("resolution_needed"):
        approve(staff, claim)
    db.session.rollback()
    with refused("resolution_needed"):
        approve(staff, claim, resolution=Resolution.SALE)
    db.session.rollback()
    assert claim.state == "disputed"
    assert len(people_of(unit.id)) == 1


@pytest.mark.parametrize("resolution", [Resolution.SALE, Resolution.MISTAKE])
def test_a_dispute_won_ends_the_present_owner(dispute, staff, unit, chen, resolution):
    present, claim = dispute
    spouse = make_ownership(
        make_member(name="配偶", household=None), unit, role=Role.SPOUSE, since=date(2020, 1, 1)
    )
    place = approve(staff, claim, resolution=resolution, ended_on=DAY, since=DAY)
    for old in (present, spouse):
        db.session.refresh(old)
        assert old.until == DAY
    assert present.end_reason == str(resolution)
    assert people_of(unit.id) == [place]
    assert unit.household_id == chen.household_id


def test_a_dispute_may_end_in_sharing(dispute, staff, unit, chen):
    present, claim = dispute
    approve(staff, claim, resolution=Resolution.CO_OWNER)
    assert [person.role for person in people_of(unit.id)] == ["owner", "co_owner"]
    assert chen.household_id == present.member.household_id == unit.household_id


def test_a_refused_dispute_changes_nothing(dispute, staff, unit):
    present, claim = dispute
    decide(actor=staff, claim=claim, decision=Decision.REFUSE, reason=ClaimReason.NOT_ENTITLED)
    db.session.commit()
    assert people_of(unit.id) == [present]


def test_dates_of_an_approval_are_checked(dispute, staff, project):
    _present, claim = dispute
    with refused("before_start"):
        approve(staff, claim, resolution=Resolution.SALE, ended_on=date(2019, 1, 1))
    db.session.rollback()
    with refused("future"):
        approve(staff, claim, resolution=Resolution.SALE, ended_on=date(2999, 1, 1))


def test_since_is_the_handover_or_the_sale_before(project, unit, staff, chen):
    unit.handover_on = date(2019, 6, 18)
    make_ownership(
        make_member(), unit, since=date(2019, 6, 18), until=date(2022, 2, 2), end_reason="sale"
    )
    unit.household_id = None
    db.session.commit()
    assert approve(staff, submit(chen, project)).since == date(2022, 2, 2)


def test_since_is_today_for_a_home_not_handed_over_yet(project, unit, staff, chen):
    unit.handover_on = date(2999, 1, 1)
    db.session.commit()
    assert approve(staff, submit(chen, project)).since == clock.business_date(project.time_zone)


def test_the_roster_takes_the_new_phone_when_staff_say_so(project, unit, staff, chen):
    entry = make_roster_entry(unit, make_account(), name="陈明")
    approve(staff, submit(chen, project), update_roster_phone=True)
    db.session.refresh(entry)
    assert entry.claimed_by_id == chen.id
    assert entry.phone == account_of(chen).phone
    assert entry.phone_hash == account_of(chen).phone_hash
    assert db.session.query(AuditEntry).filter_by(action="roster.phone_changed").count() == 1


def test_the_roster_keeps_its_phone_otherwise(project, unit, staff, chen):
    other = make_account()
    entry = make_roster_entry(unit, other, name="陈明")
    approve(staff, submit(chen, project))
    db.session.refresh(entry)
    assert entry.phone_hash == other.phone_hash


def test_an_owner_beside_an_owner_of_the_household_co_owns(project, unit, staff, chen):
    spouse = make_member(name="配偶", household=None)
    spouse.household_id = chen.household_id
    db.session.commit()
    make_ownership(spouse, unit)
    approve(staff, submit(chen, project))
    assert [person.role for person in people_of(unit.id)] == ["owner", "co_owner"]


# -- joining ----------------------------------------------------------------------------------


def test_joining_verifies_every_home_of_the_roster(project, unit, chen):
    second = make_unit(project, building="9栋", number="101")
    for home in (unit, second):
        make_roster_entry(home, account_of(chen), name="陈明")
    granted = claim_from_roster(member=chen)
    db.session.commit()
    assert {place.unit_id for place in granted} == {unit.id, second.id}
    assert claim_from_roster(member=chen) == []
    assert db.session.query(Ownership).count() == 2


def test_joining_disputes_what_another_household_has(project, unit, chen):
    make_ownership(make_member(), unit)
    make_roster_entry(unit, account_of(chen), name="陈明")
    assert claim_from_roster(member=chen) == []
    db.session.commit()
    assert db.session.query(UnitClaim).one().state == "disputed"
    assert claim_from_roster(member=chen) == []
    assert db.session.query(UnitClaim).count() == 1
    assert db.session.query(ClaimEvent).count() == 2


def test_joining_under_another_name_verifies_nothing(project, unit, chen):
    make_roster_entry(unit, account_of(chen), name="陈亮")
    assert claim_from_roster(member=chen) == []


def test_the_buyer_cannot_begin_before_the_sale(dispute, staff, unit):
    _present, claim = dispute
    with refused("since_before_sale"):
        approve(staff, claim, resolution=Resolution.SALE, ended_on=DAY, since=date(2024, 4, 30))
    db.session.rollback()
    place = approve(staff, claim, resolution=Resolution.SALE, ended_on=DAY)
    assert place.since >= DAY


def test_nobody_decides_on_a_claim_of_their_own(project, unit, chen):
    claim = submit(chen, project)
    with refused("own_claim"):
        approve(account_of(chen), claim)
    assert claim.state == "pending"
