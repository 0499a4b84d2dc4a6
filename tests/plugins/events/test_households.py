"""A household comes together: who may, who may not and why, and all or none of them."""

from datetime import date

import pytest
import sqlalchemy as sa

from plugins.events import registering
from plugins.events.errors import EventError
from plugins.events.models import Quota, Registration, SeatRow, Share
from plugins.events.party import age_on
from plugins.events.policy import Terms
from plugins.events.states import Seat
from portal import clock
from portal.extensions import db
from portal.members.models import Household, Person
from portal.plugin_host.refs import member_ref
from portal.points.verify import verify
from portal.sdk import points_balance
from tests import factories
from tests.plugins.events.conftest import give_points
from tests.plugins.events.test_races import at_once
from tests.plugins.events.test_registering import join, leave


def born(years_ago):
    day = clock.business_date("Asia/Shanghai")
    return f"{day.year - years_ago}-{day.month:02d}"


@pytest.fixture
def family(place):
    """The owner's spouse with an account, a child of seven and a grown-up without one."""
    make = {"household_id": place.member.household_id, "guardian_id": place.member.id}
    child = Person(**make, name="陈小满", relation="child", birth_month=born(8))
    father = Person(**make, name="林国栋", relation="parent")
    household = db.session.get_one(Household, place.member.household_id)
    spouse = factories.make_member(name="陈建国", household=household)
    factories.make_ownership(spouse, factories.make_unit(place.project, number="1702"))
    return spouse, factories.add(child), factories.add(father)


def come(place, occurrence, *people, by=None):
    made = registering.register(
        occurrence_id=occurrence.id,
        member=member_ref(by) if by else place.owner,
        project=place.ref,
        terms_seen=Terms.of(occurrence).mark(),
        at=clock.now(),
        party=[each if isinstance(each, str) else each.public_id for each in people],
    )
    db.session.commit()
    return made


def refused(place, occurrence, *people, by=None):
    with pytest.raises(EventError) as found:
        come(place, occurrence, *people, by=by)
    db.session.rollback()
    return found.value.code


def taken(occurrence):
    db.session.expire_all()
    quota = db.session.scalars(sa.select(Quota).where(Quota.occurrence_id == occurrence.id)).one()
    share = db.session.scalars(sa.select(Share).where(Share.occurrence_id == occurrence.id)).all()
    return quota.confirmed, sum(each.seats for each in share)


def test_the_month_of_a_birthday_counts_as_before_it():
    assert age_on("2018-04", date(2024, 4, 30)) == 5
    assert age_on("2018-04", date(2024, 5, 1)) == 6
    assert age_on("2018-12", date(2024, 1, 1)) == 5


def test_a_family_pays_and_leaves_together(place, family, make_activity):
    give_points(place.member, 100)
    occurrence = make_activity(price=20_000, deposit=10_000, capacity=3)
    _spouse, child, father = family
    made = come(place, occurrence, place.member, child, father)
    assert (made.seats, made.charged, made.deposit) == (3, 60_000, 30_000)
    assert points_balance(place.owner).available == 10_000
    assert taken(occurrence) == (3, 3)
    names = db.session.scalars(sa.select(SeatRow.name).order_by(SeatRow.id)).all()
    assert names == ["林晓芸", "陈小满", "林国栋"]
    leave(place, made)
    assert points_balance(place.owner).available == 100_000
    assert taken(occurrence) == (0, 0)
    assert verify() == []


def test_all_or_none(place, family, make_activity):
    give_points(place.member, 100)
    occurrence = make_activity(capacity=2, price=1_000)
    assert refused(place, occurrence, place.member, *family) == "NOT_ENOUGH_SEATS"
    assert taken(occurrence) == (0, 0)
    assert points_balance(place.owner).available == 100_000


def test_who_cannot_come_has_a_reason(place, family, make_activity):
    spouse, child, father = family
    occurrence = make_activity(least_age=9)
    assert refused(place, occurrence) == "NOBODY"
    assert refused(place, occurrence, "x" * 22) == "UNKNOWN_PERSON"
    assert refused(place, occurrence, factories.make_owner(place.project)) == "UNKNOWN_PERSON"
    assert refused(place, occurrence, *(str(each) for each in range(21))) == "TOO_MANY"
    assert refused(place, occurrence, place.member, child) == "TOO_YOUNG"
    assert refused(place, make_activity(), child) == "CHILD_ALONE"
    come(place, occurrence, place.member, spouse)
    assert refused(place, occurrence, father, spouse, by=spouse) == "ALREADY_GOING"


def test_the_limit_counts_all_accounts_of_a_household(place, family, make_activity):
    spouse, child, father = family
    occurrence = make_activity(household_most=2)
    come(place, occurrence, place.member, child)
    assert refused(place, occurrence, father, by=spouse) == "HOUSEHOLD_FULL"
    # A neighbour's household has a limit of its own.
    join(place, occurrence, factories.make_owner(place.project))
    occurrence.household_most = 3
    db.session.commit()
    come(place, occurrence, father, by=spouse)
    assert taken(occurrence) == (4, 4)


def test_the_database_refuses_more_than_a_household_may_take(place, make_activity):
    occurrence = make_activity(household_most=1)
    come(place, occurrence, place.member)
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(sa.update(Share).values(seats=2))
    db.session.rollback()


def test_two_accounts_at_once_keep_the_limit_and_seat_nobody_twice(
    app, place, family, make_activity
):
    spouse, child, father = family
    occurrence = make_activity(household_most=3)
    terms, number, at = Terms.of(occurrence).mark(), occurrence.id, clock.now()
    ref = place.ref

    def act(member, *people):
        who, keys = member_ref(member), [each.public_id for each in people]
        return lambda: registering.register(
            occurrence_id=number, member=who, project=ref, terms_seen=terms, at=at, party=keys
        )

    acts = [act(place.member, place.member, child, father), act(spouse, spouse, child, father)] * 3
    outcomes = at_once(app, acts)
    assert outcomes["done"] == 3
    assert taken(occurrence) == (3, 3)
    assert db.session.scalar(sa.select(sa.func.count(Registration.id))) == 1


def test_owners_tick_their_family_on_the_page(app, client, place, family, make_activity):
    spouse, child, father = family
    occurrence = make_activity(capacity=2)
    page = f"/p/binjiang/events/{occurrence.public_id}"
    owner = factories.sign_in(client, place.member)
    assert "陈小满" in owner.get(page).text
    form = {"terms": Terms.of(occurrence).mark(), "household": "1"}
    assert owner.post(f"{page}/register", data=form).status_code == 422
    many = form | {"person": [place.member.public_id, child.public_id, father.public_id]}
    answer = owner.post(f"{page}/register", data=many)
    assert answer.status_code == 409
    assert "只剩 2 席" in answer.text
    assert answer.text.count(" checked") == 3
    made = owner.post(f"{page}/register", data=many | {"person": many["person"][:2]})
    assert made.status_code == 303
    # Who has a seat sees the ticket, and only who registered may cancel it.
    other = factories.sign_in(app.test_client(), spouse)
    assert other.get(made.location).status_code == 404
    assert owner.post(f"{made.location}/cancel").status_code == 303
    form["person"] = [place.member.public_id, spouse.public_id]
    made = owner.post(f"{page}/register", data=form)
    assert other.get(made.location).status_code == 200
    assert "取消我的报名" not in other.get(made.location).text
    assert other.post(f"{made.location}/cancel").status_code == 404
    assert "查看我的票" in other.get(page).text
    assert db.session.scalars(sa.select(SeatRow.state).order_by(SeatRow.id.desc())).first() == (
        Seat.CONFIRMED
    )


def test_staff_find_a_party_by_any_of_its_names(app, place, family, make_activity):
    occurrence = make_activity()
    come(place, occurrence, place.member, family[1])
    staff = factories.sign_in(app.test_client(), place.writer)
    page = f"/p/binjiang/staff/events/{occurrence.public_id}"
    assert "林晓芸" in staff.get(f"{page}?q=小满").text
    assert "没有符合" in staff.get(f"{page}?q=小明").text
