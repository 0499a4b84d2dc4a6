"""Benefits of tiers: counted by period, never more than there are, given back with a reason."""

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from plugins.rewards.benefits import service
from plugins.rewards.benefits.queries import benefits_of
from plugins.rewards.benefits.rules import last_day
from plugins.rewards.errors import RewardError
from plugins.rewards.models import BenefitCount, BenefitRule, BenefitUse
from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Member
from portal.plugin_host.refs import member_ref, project_ref
from portal.projects.models import Project
from portal.tiers.models import Membership
from tests import factories
from tests.forks import start_code
from tests.plugins.rewards.samples import add_sample
from tests.plugins.rewards.test_card import code_for
from tests.plugins.rewards.test_ordering import refused
from tests.plugins.rewards.test_storm import ROOT, app_of
from tests.tiers import helpers

PAGE = "/p/binjiang/rewards/benefits"
DESK = "/p/binjiang/staff/rewards/"
SUMMER = datetime(2026, 6, 30, 12, tzinfo=UTC)
WORK = "import sys; from tests.plugins.rewards.test_benefits import work; work(*sys.argv[1:])"
TIMES, PROCESSES = 5, 3


@pytest.fixture
def gold(place):
    """The owner is gold, and gold has two cleanings a half-year."""
    scheme = helpers.install()
    factories.add(Membership(member_id=place.member.id, scheme_id=scheme.id, tier="gold"))
    set_rule(place)
    return scheme


def set_rule(place, most=2, seen=0, **more):
    values = {"tier": "gold", "benefit": "cleaning", "period": "half"} | more
    service.set_rule(actor=place.clerk, project=place.ref, most=most, seen=seen, **values)
    db.session.commit()


def take(place, key, at=SUMMER, **more):
    values = {"benefit": "cleaning", "tier_seen": "gold"} | more
    use = service.take(
        actor=place.clerk, project=place.ref, member=place.owner, key=key, at=at, **values
    )
    db.session.commit()
    return use


def stands(place, at=SUMMER):
    rows = benefits_of(place.owner, place.ref, at).rows
    return next((each.used, each.most) for each in rows if each.benefit.key == "cleaning")


def set_tier(tier):
    db.session.execute(sa.update(Membership).values(tier=tier))
    db.session.commit()


@pytest.mark.parametrize(
    ("period", "last"),
    [("ever", None), ("year", "2026-12-31"), ("half", "2026-06-30"), ("quarter", "2026-06-30"),
     ("month", "2026-04-30")],
)  # fmt: skip
def test_a_period_has_a_last_day(period, last):
    assert last_day(period, date(2026, 4, 1)) == (date.fromisoformat(last) if last else None)


def test_two_of_a_half_year_are_two_and_a_form_sent_twice_is_one(place, gold):
    first = take(place, "a")
    assert take(place, "a").id == first.id
    assert refused(take, place, "a", benefit="guest_parking").code == "CHANGED"
    take(place, "b")
    assert refused(take, place, "c").code == "BENEFIT_USED_UP"
    assert stands(place) == (2, 2)
    assert db.session.scalar(sa.select(sa.func.count(BenefitUse.id))) == 2


def test_the_period_turns_by_the_clock_of_the_project(place, gold):
    take(place, "a", datetime(2026, 6, 30, 15, 59, tzinfo=UTC))
    take(place, "b", datetime(2026, 6, 30, 16, 0, tzinfo=UTC))
    periods = db.session.scalars(sa.select(BenefitCount.period).order_by(BenefitCount.id))
    assert list(periods) == ["2026H1", "2026H2"]


def test_given_back_with_a_reason_once_it_can_be_used_again(place, gold):
    use = take(place, "a")
    give = {"actor": place.clerk, "use": use, "at": SUMMER}
    assert refused(service.undo, **give, reason=" ").code == "NO_REASON"
    service.undo(**give, reason="点错了")
    db.session.commit()
    assert refused(service.undo, **give, reason="点错了").code == "BENEFIT_UNDONE"
    assert stands(place) == (0, 2)


def test_another_tier_counts_on_and_a_lost_one_is_named(place, gold):
    take(place, "a")
    set_rule(place, tier="diamond", most=3)
    set_tier("diamond")
    assert stands(place) == (1, 3)
    take(place, "b")
    set_tier("blue")
    assert refused(take, place, "c").code == "BENEFIT_TIER_LOST"
    assert refused(take, place, "c", tier_seen="blue").code == "BENEFIT_NOT_GIVEN"


def test_a_rule_is_guarded_and_lowered_below_what_was_had(place, gold):
    take(place, "a")
    take(place, "b")
    assert refused(set_rule, place, seen=0).code == "CHANGED"
    assert refused(set_rule, place, seen=7).code == "CHANGED"
    assert refused(set_rule, place, most=1000, seen=1).code == "BAD_MOST"
    assert refused(set_rule, place, benefit="yacht").code == "BENEFIT_UNKNOWN"
    set_rule(place, most=1, seen=1)
    assert stands(place) == (2, 1)
    assert refused(take, place, "c").code == "BENEFIT_USED_UP"


def test_the_database_lets_nobody_have_more(place, gold):
    take(place, "a")
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(sa.update(BenefitCount).values(used=3))
    db.session.rollback()


def test_the_desk_takes_one_gives_it_back_and_the_owner_sees_it(app, client, place, gold):
    clerk = factories.sign_in(app.test_client(), place.clerk)
    page = f"{DESK}members/{place.member.public_id}/benefits"
    assert "金卡" in clerk.get(page).text
    form = {"benefit": "cleaning", "tier": "gold", "use_key": "k"}
    assert clerk.post(page, data=form).status_code == 303
    owner = factories.sign_in(client, place.member)
    assert "家电清洗" in owner.get(PAGE).text
    use = db.session.scalars(sa.select(BenefitUse)).one()
    undo = f"{DESK}benefits/{use.public_id}/undo"
    assert clerk.post(undo, data={"reason": ""}).status_code == 422
    assert "家电清洗" in clerk.post(f"{DESK}benefits.csv", buffered=True).data.decode()
    assert place.member.name in clerk.get(f"{DESK}benefits").text
    assert clerk.post(undo, data={"reason": "点错了"}).status_code == 303
    assert clerk.post(undo, data={"reason": "点错了"}).status_code == 409
    assert clerk.post(f"{DESK}benefits/nobody/undo").status_code == 404
    other = factories.make_member()
    assert clerk.get(f"{DESK}members/{other.public_id}/benefits").status_code == 404


def test_a_scanned_card_leads_to_the_benefits(app, place, gold):
    clerk = factories.sign_in(app.test_client(), place.clerk)
    answer = clerk.post(f"{DESK}card", data={"code": code_for(place.member, clock.now())})
    assert f"{DESK}members/{place.member.public_id}/benefits" in answer.text


def test_what_was_typed_stays(app, place, gold):
    clerk = factories.sign_in(app.test_client(), place.clerk)
    form = {"tier": "gold", "benefit": "cleaning", "period": "year", "seen": "1", "most": "1.5"}
    answer = clerk.post(f"{DESK}benefits/rules", data=form)
    assert answer.status_code == 422
    assert 'value="1.5"' in answer.text
    assert clerk.post(f"{DESK}benefits/rules", data=form | {"most": "4"}).status_code == 303
    assert clerk.post(f"{DESK}benefits/rules", data=form | {"most": "5"}).status_code == 409
    assert db.session.scalars(sa.select(BenefitRule)).one().most == 4


@pytest.mark.parametrize(
    ("page", "most"),
    [
        (PAGE, 11),
        (f"{DESK}benefits", 8),
        (f"{DESK}benefits/rules", 8),
        (f"{DESK}members/WHO/benefits", 12),
    ],
)
def test_a_page_sends_as_many_statements_with_more_uses(app, place, gold, page, most, query_count):
    who = place.clerk if "staff" in page else place.member
    client = factories.sign_in(app.test_client(), who)
    address = page.replace("WHO", place.member.public_id)
    set_rule(place, most=60, seen=1)
    take(place, "first")
    client.get(address)
    sent = []
    for keys in (["a"], map(str, range(40))):
        for key in keys:
            take(place, key)
        with query_count() as counted:
            assert client.get(address).status_code == 200
        sent.append(len(counted))
    assert sent[0] == sent[1] <= most, sent


def work(url, project_id, member_id, clerk_id, name):
    """Be one of the desks that take at once."""
    with app_of(url).app_context():
        project = project_ref(db.session.get_one(Project, int(project_id)))
        member = member_ref(db.session.get_one(Member, int(member_id)))
        clerk = db.session.get_one(Account, int(clerk_id))
        print(sum(desk(project, member, clerk, name)), flush=True)


def desk(project, member, clerk, name):
    """Take five times; yield whether it was given."""
    for number in range(TIMES):
        try:
            service.take(
                actor=clerk, project=project, member=member, benefit="cleaning",
                tier_seen="gold", key=f"{name}-{number}", at=SUMMER,
            )  # fmt: skip
            db.session.commit()
            yield True
        except RewardError:
            db.session.rollback()
            yield False


def test_three_desks_at_once_never_give_more(app, place, gold):
    set_rule(place, most=4, seen=1)
    about = (place.project.id, place.member.id, place.clerk.id)
    if db.engine.dialect.name == "sqlite":
        # One writer at a time: processes would wait for each other.
        given = [sum(desk(place.ref, place.owner, place.clerk, "a"))]
    else:
        url = app.config["SQLALCHEMY_DATABASE_URI"]
        home = str(app.extensions["portal.settings"].home)
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        env = {**os.environ, "PORTAL_HOME": home, "PYTHONPATH": path}
        db.session.remove()
        running = [
            start_code(WORK, url, *map(str, about), f"desk{number}", env=env, cwd=Path(ROOT))
            for number in range(PROCESSES)
        ]
        given = [int(each.communicate(timeout=120)[0].split()[-1]) for each in running]
    assert sum(given) == 4
    db.session.rollback()
    count = db.session.scalars(sa.select(BenefitCount)).one()
    assert (count.used, count.most) == (4, 4)
    assert db.session.scalar(sa.select(sa.func.count(BenefitUse.id))) == 4


def test_uses_are_found_by_the_number_on_the_card(app, place):
    add_sample(place.project, place.member)
    clerk = factories.sign_in(app.test_client(), place.clerk)
    page = "/p/binjiang/staff/rewards/benefits"
    mine, other = place.member.card_number, factories.make_owner(place.project).card_number
    assert place.member.name in clerk.get(f"{page}?card={mine.lower()}").text
    for card in (other, "9", "%25", "x" * 99):
        assert place.member.name not in clerk.get(f"{page}?card={card}").text
    for card, lines in ((mine, 2), (other, 1)):
        file = clerk.post(f"{page}.csv", data={"card": card}, buffered=True)
        assert len(file.data.decode("utf-8-sig").strip().splitlines()) == lines
