"""This date and the following, more of them than a request should change: by a job, in parts."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.events.conditions import Conditions, Extra, TierTerms
from plugins.events.eligibility import Rules
from plugins.events.errors import EventError
from plugins.events.models import LogEntry, Quota, Window
from plugins.events.series import changing, service
from plugins.events.series.acts import SetConditions, act_of
from plugins.events.series.models import SeriesChange
from plugins.events.states import State
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.jobs.runner import Runner
from tests import factories
from tests.plugins.events.test_pages import DESK
from tests.plugins.events.test_series import WEEK, change, open_series

PLACE = {"zh_Hans_CN": "会所"}


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(changing, "AT_ONCE", 3)
    monkeypatch.setattr(changing, "_BATCH", 2)


class Run:
    """A job whose attempt ends after some checkpoints."""

    def __init__(self, number, checkpoints):
        self.payload, self.left = {"change": number}, checkpoints

    def checkpoint(self, *, done, total):
        db.session.commit()
        self.left -= 1
        if not self.left:
            raise InterruptedError


def test_many_dates_are_changed_by_a_job_that_goes_on_where_it_was(app, place, make_activity):
    dates = open_series(place, make_activity, count=8)
    first, second, third, *others = dates
    change(place, third, following=False, price=7_000)
    later = timedelta(hours=1)
    moved = {"starts_at": second.starts_at + later, "ends_at": second.ends_at + later}
    assert change(place, second, following=True, place=PLACE, **moved) == 6
    starts = [each.starts_at for each in others]
    assert (second.event.place, others[0].event.place) == (PLACE, first.event.place)
    row = db.session.scalars(sa.select(SeriesChange)).one()
    with pytest.raises(InterruptedError):
        changing.pass_on(Run(row.id, 1))
    db.session.expire_all()
    assert [each.event.place == PLACE for each in others] == [True, True, False, False, False]
    # Somebody puts one off by hand meanwhile: it has begun, so to speak.
    others[3].state = State.RUNNING
    db.session.commit()
    Runner(app).run_once()
    db.session.expire_all()
    assert [each.event.place == PLACE for each in others] == [True, True, True, False, True]
    moved_by = [now_ - was for now_, was in zip([o.starts_at for o in others], starts, strict=True)]
    assert moved_by == [later, later, later, timedelta(), later]
    assert (row.done, row.passed_over, row.finished_at is None) == (5, 1, False)
    # Once for each: twice would have moved it twice.
    edits = sa.select(LogEntry.by).where(LogEntry.step == "edit")
    assert db.session.scalars(edits).all() == [place.writer.id] * 6
    assert first.event.place != PLACE


def test_meanwhile_the_series_is_not_changed_otherwise(app, place, make_activity):
    first, second, *_ = open_series(place, make_activity, count=5)
    change(place, first, following=True, price=2_000)
    for act in (
        lambda: change(place, second, following=False, price=1_000),
        lambda: service.take_step(
            actor=place.writer,
            project=place.ref,
            occurrence=second,
            step="cancel",
            at=clock.now(),
            reason="雨",
        ),
    ):
        with pytest.raises(EventError) as refused:
            act()
        assert refused.value.code == "CHANGING"
        db.session.rollback()
    with pytest.raises(sa.exc.IntegrityError):
        factories.add(
            SeriesChange(
                project_id=place.project.id,
                series_id=first.series_id,
                occurrence_id=first.id,
                act={},
                targets=[],
                by=place.writer.id,
            )
        )
    db.session.rollback()
    Runner(app).run_once()
    assert change(place, second, following=False, price=1_000) == 1


def test_conditions_and_steps_go_the_same_way(app, place, make_activity):
    dates = open_series(place, make_activity, count=5)
    opens = dates[0].opens_at - timedelta(hours=2)
    terms = TierTerms({"en": "Gold"}, opens, 1_000, 4)
    wanted = Conditions(Rules(home="home"), {"gold": terms}, 3, [Extra({"en": "Bus"}, 2), None])
    assert act_of(SetConditions(wanted).as_json()) == SetConditions(wanted)
    many = service.set_conditions(
        actor=place.writer,
        project=place.ref,
        occurrence=dates[0],
        wanted=wanted,
        at=clock.now(),
        following=True,
    )
    db.session.commit()
    Runner(app).run_once()
    db.session.expire_all()
    assert many == 5
    for number, each in enumerate(dates):
        assert each.rules == {"home": "home"}
        assert db.session.get_one(Window, (each.id, "gold")).opens_at == opens + WEEK * number
        rooms = sa.select(Quota.key, Quota.capacity).where(Quota.occurrence_id == each.id)
        assert dict(db.session.execute(rooms).tuples().all())["chosen:1"] == 2
    service.take_step(
        actor=place.writer,
        project=place.ref,
        occurrence=dates[1],
        step="cancel",
        at=clock.now(),
        reason="雨",
    )
    db.session.commit()
    Runner(app).run_once()
    db.session.expire_all()
    assert [each.state for each in dates] == [State.OPEN] + [State.CANCELLED] * 4
    assert {each.reason for each in dates[1:]} == {"雨"}


def test_the_page_says_how_far_it_is_and_may_stop_it(app, place, make_activity):
    writer = factories.sign_in(app.test_client(), place.writer)
    first, *others = open_series(place, make_activity, count=6)
    change(place, first, following=True, price=2_000)
    page = f"{DESK}{first.public_id}/dates"
    row = db.session.scalars(sa.select(SeriesChange)).one()
    with pytest.raises(InterruptedError):
        changing.pass_on(Run(row.id, 1))
    going = writer.get(page).text
    assert 'value="2" max="5"' in going
    assert f"{page}/step" not in going
    refused = writer.post(f"{page}/step", data={"step": "cancel", "reason": "雨"})
    assert refused.status_code == 409
    assert writer.post(f"{page}/stop").status_code == 303
    assert writer.post(f"{page}/stop").status_code == 303
    Runner(app).run_once()
    db.session.expire_all()
    assert [each.price for each in others] == [2_000, 2_000, 0, 0, 0]
    assert f"{page}/step" in writer.get(page).text
    stopped = sa.select(AuditEntry.action).where(AuditEntry.action == "events.stop")
    assert db.session.scalars(stopped).all() == ["events.stop"]
