"""Series: dates made once, changed one by one or together, called off; copies; one row a list."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.events import conditions
from plugins.events.after.models import Care
from plugins.events.ballot.models import Ballot
from plugins.events.counting import tier_key
from plugins.events.eligibility import Rules
from plugins.events.errors import EventError
from plugins.events.models import Event, LogEntry, Occurrence, Quota, Window
from plugins.events.series import service
from plugins.events.series.cloning import clone
from plugins.events.series.models import Series
from plugins.events.series.passing_on import draft_of
from plugins.events.series.rules import Repeats, Rule
from plugins.events.showing import to_local
from plugins.events.states import Counts, Seat, State
from portal import clock
from portal.accounts.models import Account
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.jobs.runner import Runner
from portal.notifications.models import Notification
from tests import factories
from tests.plugins.events.conftest import give_points
from tests.plugins.events.test_pages import DESK, LIST, form
from tests.plugins.events.test_races import at_once
from tests.plugins.events.test_registering import join

WEEK = timedelta(days=7)


@pytest.fixture
def writer(app, place):
    return factories.sign_in(app.test_client(), place.writer)


@pytest.fixture
def owner(client, place):
    return factories.sign_in(client, place.member)


def weekly(place, pattern, count=4):
    day = to_local(pattern.starts_at, place.ref).date()
    return Rule(Repeats.WEEKLY, day, weekdays=(day.weekday(),), count=count)


def repeat(place, pattern, count=4, skipped=()):
    made = service.make_dates(
        actor=place.writer,
        project=place.ref,
        pattern=pattern,
        rule=weekly(place, pattern, count),
        skipped=skipped,
        at=clock.now(),
    )
    db.session.commit()
    return made


def open_series(place, make_activity, count=4, **values):
    pattern = make_activity(**values)
    made = repeat(place, pattern, count)
    for each in made:
        each.state, each.opens_at = State.OPEN, pattern.opens_at
    db.session.commit()
    return [pattern, *made]


def change(where, occurrence, *, following, **changed):
    quota = db.session.scalar(
        sa.select(Quota).where(Quota.occurrence_id == occurrence.id, Quota.key == "total")
    )
    draft = replace(draft_of(occurrence, quota.capacity), **changed)
    many = service.rewrite(
        actor=where.writer,
        project=where.ref,
        occurrence=occurrence,
        draft=draft,
        at=clock.now(),
        following=following,
    )
    db.session.commit()
    return many


def test_each_date_is_a_row_with_its_own_seats_windows_and_terms(place, make_activity):
    pattern = make_activity(capacity=12, price=5_000, rules=Rules(pause=2).as_json())
    where = {"occurrence_id": pattern.id, "project_id": place.project.id}
    opens = pattern.opens_at - timedelta(days=1)
    factories.add(Window(**where, tier="gold", opens_at=opens, price=3_000))
    gold = {"key": tier_key("gold"), "counts": Counts.TIER, "title": {"en": "Gold"}}
    factories.add(Quota(**where, **gold, capacity=3))
    give_points(place.member, 5)
    join(place, pattern)
    made = repeat(place, pattern)
    assert [each.starts_at for each in made] == [pattern.starts_at + WEEK * n for n in (1, 2, 3)]
    for number, each in enumerate(made, 1):
        assert (each.state, each.price, each.sequence) == (State.DRAFT, 5_000, 0)
        assert each.rules == {"pause": 2}
        assert each.closes_at == pattern.closes_at + WEEK * number
        quotas = db.session.scalars(sa.select(Quota).where(Quota.occurrence_id == each.id)).all()
        assert {(quota.key, quota.capacity, quota.confirmed) for quota in quotas} == {
            ("total", 12, 0),
            ("tier:gold", 3, 0),
        }
        window = db.session.get_one(Window, (each.id, "gold"))
        assert (window.opens_at, window.price) == (opens + WEEK * number, 3_000)
    assert {each.event_id for each in made} == {pattern.event_id}


def test_made_twice_and_at_once_each_date_is_there_once(app, place, make_activity):
    pattern = make_activity()
    number, actor, project = pattern.id, place.writer.id, place.ref
    rule, at = weekly(place, pattern, 6), clock.now()

    def make():
        service.make_dates(
            actor=db.session.get(Account, actor),
            project=project,
            pattern=db.session.get_one(Occurrence, number),
            rule=rule,
            skipped=(),
            at=at,
        )

    assert at_once(app, [make] * 4) == {"done": 4}
    db.session.expire_all()
    days = db.session.scalars(sa.select(Occurrence.series_day)).all()
    assert len(days) == len(set(days)) == 6
    assert len(set(db.session.scalars(sa.select(Occurrence.series_id)))) == 1
    assert repeat(place, db.session.get_one(Occurrence, number), 7) != []
    assert db.session.scalar(sa.select(sa.func.count(Occurrence.id))) == 7


def test_the_table_takes_a_day_of_a_series_once(place, make_activity):
    pattern, first, *_ = open_series(place, make_activity)
    twin = make_activity()
    twin.series_id, twin.series_day = pattern.series_id, first.series_day
    with pytest.raises(sa.exc.IntegrityError):
        db.session.flush()
    db.session.rollback()


def test_a_moved_date_is_not_made_again(place, make_activity):
    pattern, first, *_ = open_series(place, make_activity)
    change(place, first, following=False, ends_at=first.ends_at + WEEK / 7)
    assert repeat(place, pattern) == []
    assert (first.differs, pattern.differs) == (True, False)


def test_this_and_following_passes_on_what_was_changed(place, make_activity):
    dates = open_series(place, make_activity, count=5, capacity=9)
    first, second, third, fourth, fifth = dates
    change(place, third, following=False, price=7_000)
    moved = second.starts_at + timedelta(hours=1)
    texts = {"place": {"zh_Hans_CN": "会所"}, "starts_at": moved, "capacity": 6}
    late = timedelta(hours=1)
    many = change(place, second, following=True, **texts, ends_at=second.ends_at + late)
    assert many == 3
    assert (fourth.starts_at, fifth.starts_at) == (moved + WEEK * 2, moved + WEEK * 3)
    assert fourth.event.place == fifth.event.place == {"zh_Hans_CN": "会所"}
    assert fourth.price == 0
    for untouched in (first, third):
        assert untouched.event.place == {"zh_Hans_CN": "中央草坪"}
    assert third.price == 7_000
    rooms = dict(db.session.execute(sa.select(Quota.occurrence_id, Quota.capacity)).tuples().all())
    assert [rooms[each.id] for each in dates] == [9, 6, 9, 6, 6]


def test_only_the_changed_date_gets_texts_of_its_own(place, make_activity):
    first, second, third, _fourth = open_series(place, make_activity)
    change(place, second, following=False, title={"zh_Hans_CN": "特别场"})
    assert first.event.title == third.event.title != second.event.title
    assert db.session.scalar(sa.select(sa.func.count(Event.id))) == 2


def test_a_smaller_capacity_cancels_nobody_and_a_new_time_is_told(app, place, make_activity):
    first, second, third, _fourth = open_series(place, make_activity, capacity=9)
    party = [join(place, second, factories.make_owner(place.project)) for _ in range(2)]
    moved = first.starts_at + timedelta(hours=1)
    ends = first.ends_at + timedelta(hours=1)
    change(place, first, following=True, capacity=1, starts_at=moved, ends_at=ends)
    quota = db.session.scalar(sa.select(Quota).where(Quota.occurrence_id == second.id))
    assert (quota.confirmed, quota.capacity, quota.free, quota.forced) == (2, 1, -1, 1)
    assert all(each.state == Seat.CONFIRMED for each in party)
    ends_at = third.starts_at
    db.session.rollback()
    Runner(app).run_once()
    told = sa.select(sa.func.count(Notification.id)).where(Notification.kind == "events.moved")
    assert db.session.scalar(told) == 2
    assert ends_at == moved + WEEK * 2


def test_what_is_over_or_running_is_never_touched(place, make_activity):
    first, second, third, fourth = open_series(place, make_activity)
    second.state = State.SETTLED
    third.differs = True
    fourth.state = State.RUNNING
    db.session.commit()
    assert change(place, first, following=True, price=4_000) == 1
    assert (second.price, third.price, fourth.price) == (0, 0, 0)
    with pytest.raises(EventError, match="ILLEGAL_STEP"):
        change(place, fourth, following=True, price=4_000)


def test_conditions_pass_on_with_their_windows(place, make_activity):
    first, second, third, fourth = open_series(place, make_activity)
    terms = conditions.TierTerms({"en": "Gold"}, second.opens_at - timedelta(days=1), 0, 4)
    wanted = conditions.Conditions(Rules(home="owner"), {"gold": terms}, 5, [None, None])
    many = service.set_conditions(
        actor=place.writer,
        project=place.ref,
        occurrence=second,
        wanted=wanted,
        at=clock.now(),
        following=True,
    )
    assert many == 3
    assert [each.rules for each in (first, third, fourth)] == [{}, *[{"home": "owner"}] * 2]
    window = db.session.get_one(Window, (fourth.id, "gold"))
    assert window.opens_at == terms.opens_at + WEEK * 2


def test_who_came_to_a_date_leaves_the_others_to_neighbours(owner, place, make_activity):
    rules = Rules(pause=2).as_json()
    first, second, *_ = open_series(place, make_activity, rules=rules)
    second_id = second.public_id
    change(place, second, following=False, title={"zh_Hans_CN": "特别场"})
    party = join(place, first)
    db.session.execute(sa.text("UPDATE events_seat SET state = 'attended'"))
    party.state = Seat.ATTENDED
    db.session.commit()
    assert "限最近 2 个月没有参加过本活动" in owner.get(f"{LIST}{second_id}").text


def test_the_list_has_one_row_for_a_series_and_the_page_its_dates(owner, place, make_activity):
    dates = open_series(place, make_activity, count=8)
    other = make_activity(title="露天电影")
    text = owner.get(LIST).text
    assert text.count("亲子运动会") == 1
    assert "另有 7 场" in text
    assert other.event.title["zh_Hans_CN"] in text
    shown = owner.get(f"{LIST}{dates[2].public_id}").text
    assert "全部 7 场" in shown
    assert dates[0].public_id in shown
    every = owner.get(f"{LIST}?series={db.session.scalar(sa.select(Series.public_id))}").text
    assert all(each.public_id in every for each in dates)
    assert "亲子运动会" not in owner.get(f"{LIST}?series=unknown").text
    dates[0].state = State.CANCELLED
    db.session.commit()
    assert "另有 6 场" in owner.get(LIST).text


def rule_form(place, pattern, **changed):
    day = to_local(pattern.starts_at, place.ref).date()
    return {
        "repeats": "weekly",
        "every": "1",
        "weekdays": [str(day.weekday())],
        "month_day": str(day.day),
        "nth": "1",
        "weekday": "0",
        "first": day.isoformat(),
        "until": "",
        "count": "4",
        **changed,
    }


def test_staff_look_at_the_dates_leave_one_out_and_make_the_others(writer, place, make_activity):
    pattern = make_activity(State.DRAFT)
    page = f"{DESK}{pattern.public_id}/repeat"
    assert writer.get(page).status_code == 200
    data = rule_form(place, pattern)
    days = [weekly(place, pattern).first + WEEK * number for number in range(4)]
    shown = writer.post(page, data=data | {"do": "preview"}).text
    assert all(f'name="seen" value="{day}"' in shown for day in days[1:])
    assert db.session.scalar(sa.select(sa.func.count(Occurrence.id))) == 1
    seen = [day.isoformat() for day in days[1:]]
    ticked = {"seen": seen, "day": [seen[0], seen[2]], "do": "make"}
    other = writer.post(page, data=data | ticked | {"count": "5"})
    assert other.status_code == 422
    assert "日期已有变化" in other.text
    for _click in range(2):
        writer.post(page, data=data | ticked)
    found = db.session.scalars(sa.select(Occurrence.series_day)).all()
    assert sorted(found) == [days[0], days[1], days[3]]
    again = writer.post(page, data=data | {"do": "preview"}).text
    assert f'value="{seen[1]}" checked' not in again
    listed = writer.get(f"{DESK}{pattern.public_id}/dates").text
    assert "每周" in listed
    assert "提交审核（2 场草稿）" not in listed
    assert "提交审核（3 场草稿）" in listed
    assert "另有 2 场" in writer.get(DESK).text


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"until": "2001-01-01", "count": ""}, "最后一天早于第一天。"),
        ({"until": "2099-01-01", "count": ""}, "超过 500 场"),
        ({"count": "0"}, "1 到 500 场。"),
        ({"count": "501"}, "1 到 500 场。"),
        ({"count": ""}, "请填写最后一天或场数，二选一。"),
        ({"until": "2099-01-01"}, "请填写最后一天或场数，二选一。"),
        ({"weekdays": []}, "请选择星期几。"),
        ({"weekdays": ["9"]}, ""),
        ({"every": "0"}, ""),
        ({"first": "9999-12-31"}, ""),
        ({"repeats": "hourly"}, ""),
    ],
)
def test_a_wrong_rule_is_a_sentence_and_makes_nothing(writer, place, make_activity, changed, says):
    pattern = make_activity(State.DRAFT)
    data = rule_form(place, pattern, **changed) | {"do": "make"}
    answer = writer.post(f"{DESK}{pattern.public_id}/repeat", data=data)
    assert answer.status_code == 422
    assert says in answer.text
    assert db.session.scalar(sa.select(sa.func.count(Occurrence.id))) == 1


def test_the_dates_are_handed_in_approved_and_called_off_together(
    app, writer, place, make_activity
):
    pattern = make_activity(State.DRAFT)
    second, third, fourth = repeat(place, pattern)
    reviewer = factories.sign_in(app.test_client(), place.reviewer)
    page = f"{DESK}{pattern.public_id}/dates/step"
    assert writer.post(page, data={"step": "submit"}).status_code == 303
    assert writer.post(page, data={"step": "approve"}).status_code == 409
    assert reviewer.post(page, data={"step": "approve"}).status_code == 303
    states = {each.state for each in db.session.scalars(sa.select(Occurrence))}
    assert states == {State.SCHEDULED}
    second.state = State.RUNNING
    fourth.state = State.DRAFT
    db.session.commit()
    party = f"{DESK}{second.public_id}/dates/step"
    assert writer.post(party, data={"step": "cancel", "reason": " "}).status_code == 422
    assert writer.post(party, data={"step": "cancel", "reason": "装修"}).status_code == 303
    found = [db.session.get_one(Occurrence, each.id).state for each in (pattern, third, fourth)]
    assert found == [State.SCHEDULED, State.CANCELLED, State.ARCHIVED]
    assert writer.post(party, data={"step": "open"}).status_code == 409
    assert writer.post(party, data={"step": "cancel", "reason": "再"}).status_code in (303, 409)


def test_the_form_changes_one_or_all_that_follow(writer, place, make_activity):
    first, second, third, _fourth = open_series(place, make_activity)
    data = form(place.project, price="70", capacity="30")
    page = f"{DESK}{second.public_id}/edit"
    assert "这一场及之后各场" in writer.get(page).text
    assert writer.post(page, data=data | {"dates": "following"}).status_code == 303
    db.session.expire_all()
    assert [each.price for each in (first, second, third)] == [0, 70_000, 70_000]
    assert not second.differs
    writer.post(f"{DESK}{first.public_id}/edit", data=data)
    assert first.differs


def test_a_copy_is_a_draft_of_its_own(writer, place, make_activity):
    pattern = make_activity(
        State.SETTLED, capacity=12, price=5_000, starts_at=clock.now() - timedelta(days=20)
    )
    answer = writer.post(f"{DESK}{pattern.public_id}/clone")
    made = db.session.scalar(sa.select(Occurrence).where(Occurrence.id != pattern.id))
    assert answer.location.endswith(f"{made.public_id}/edit")
    assert (made.state, made.price, made.series_id) == (State.DRAFT, 5_000, None)
    assert made.closes_at > clock.now()
    assert (made.starts_at - pattern.starts_at) % WEEK == timedelta(0)
    assert made.event_id != pattern.event_id
    assert made.event.title == pattern.event.title
    audited = sa.select(AuditEntry.action).where(AuditEntry.action == "events.clone")
    assert db.session.scalars(audited).all() == ["events.clone"]
    assert db.session.scalar(sa.select(LogEntry.step)) == "clone"
    ahead = make_activity()
    soon = clone(actor=place.writer, project=place.ref, pattern=ahead, at=clock.now())
    assert soon.starts_at - ahead.starts_at == WEEK


def test_a_draw_and_reminders_are_copied_without_what_was_drawn(place, make_activity):
    pattern = make_activity()
    where = {"occurrence_id": pattern.id, "project_id": place.project.id}
    draw_at = pattern.closes_at
    factories.add(Care(**where, before=[48, 2], thanks=3))
    drawn = {"frozen_at": draw_at, "digest": "d", "drawn_at": draw_at, "source": {"en": "3D"}}
    kept = {"mode": "ballot", "draw_at": draw_at, "missed": 1, "missed_most": 3}
    factories.add(Ballot(**where, **kept, **drawn, secret="s", secret_hash="h"))
    _first, second, _third = repeat(place, pattern)
    assert db.session.get_one(Care, second.id).before == [48, 2]
    ballot = db.session.get_one(Ballot, second.id)
    assert (ballot.mode, ballot.missed_most) == ("ballot", 3)
    assert ballot.draw_at == draw_at + WEEK * 2
    assert (ballot.frozen_at, ballot.digest, ballot.drawn_at, ballot.source) == (
        None,
        None,
        None,
        {},
    )
    assert ballot.secret != "s"


@pytest.mark.parametrize("many", [3, 40])
def test_pages_of_a_series_cost_the_same_however_many_dates(
    owner, writer, place, make_activity, query_count, many
):
    pattern = open_series(place, make_activity, count=many, price=1_000)[0]
    costs = {}
    desk = f"{DESK}{pattern.public_id}"
    for client, address in (
        (owner, LIST),
        (owner, f"{LIST}{pattern.public_id}"),
        (writer, f"{desk}/dates"),
        (writer, f"{desk}/repeat"),
        (writer, DESK),
    ):
        client.get(address)
        with query_count() as sent:
            assert client.get(address).status_code == 200
        costs[address.replace(pattern.public_id, "<one>")] = len(sent)
    assert max(costs.values()) <= 8, costs
