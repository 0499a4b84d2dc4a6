"""The figures of an activity, as staff read them."""

from datetime import timedelta

from plugins.events.figures import figures_of
from plugins.events.states import Seat, State
from portal import clock
from portal.extensions import db
from portal.plugin_host.refs import member_ref
from portal.sdk import points_balance
from tests import factories
from tests.plugins.events.conftest import give_points
from tests.plugins.events.test_registering import join, leave, run_jobs


def test_who_came_and_what_it_came_to(app, place, make_activity, query_count):
    starts = clock.now() + timedelta(hours=1)
    activity = make_activity(
        starts_at=starts, closes_at=starts, price=10_000, deposit=5_000, capacity=9
    )
    staff = factories.sign_in(app.test_client(), place.writer)
    page = f"/p/binjiang/staff/events/{activity.public_id}"
    assert figures_of(activity).show_rate is None
    assert "—" in staff.get(f"{page}/figures").text
    members = [factories.make_owner(place.project) for _ in range(4)]
    for member in members:
        give_points(member, 15)
    came, _away, left, late = (join(place, activity, member) for member in members)
    activity.cancel_until = starts
    left.cancel_until = starts
    db.session.commit()
    assert leave(place, left).state == Seat.CANCELLED_FREE
    assert leave(place, late).state == Seat.CANCELLED_LATE
    activity.state = State.ENDED
    db.session.commit()
    mark = f"{page}/registrations/{came.public_id}/mark"
    assert staff.post(mark, data={"state": "attended"}).status_code == 303
    assert staff.post(f"{page}/step", data={"step": "settle"}).status_code == 303
    run_jobs(app)
    figures = figures_of(activity)
    assert (figures.show_rate, figures.parties) == (50, 2)
    assert (figures.paid, figures.returned, figures.kept) == (40_000, 10_000, 10_000)
    left_over = sum(points_balance(member_ref(each)).available for each in members)
    assert left_over == 4 * 15_000 - (figures.paid - figures.returned) - figures.kept
    with query_count() as sent:
        assert "到场率" in staff.get(f"{page}/figures").text
    assert len(sent) <= 8
