"""Members' data and a project's: copies, erasure, purge; and what search is rebuilt from."""

import sqlalchemy as sa

from plugins.events import hooks, searching
from plugins.events.models import Event, LogEntry, Occurrence, Quota, Registration, SeatRow
from plugins.events.states import State
from portal.extensions import db
from tests import factories
from tests.plugins.events.test_registering import join, leave


def test_a_copy_holds_every_registration(place, make_activity):
    join(place, make_activity())
    part, *_others = hooks.export_member_data(place.owner)
    (row,) = part.rows
    assert row["title"] == "亲子运动会"
    assert row.keys() == part.columns.keys()


def test_who_waits_for_a_seat_is_not_erased_and_then_loses_the_name(place, make_activity):
    made = join(place, make_activity())
    assert hooks.check_member_removal(place.owner)
    leave(place, made)
    assert hooks.check_member_removal(place.owner) == []
    hooks.erase_member_data(place.owner)
    db.session.commit()
    assert db.session.scalars(sa.select(SeatRow.name)).all() == [""]


def test_a_purge_takes_one_project_only(place, make_activity):
    other = factories.make_project(slug="siji", name="四季苑")
    join(place, make_activity())
    make_activity(project=other)
    hooks.purge_project_data(place.ref)
    db.session.commit()
    for model in (Registration, SeatRow, LogEntry):
        assert db.session.scalar(sa.select(sa.func.count(model.id))) == 0
    for model in (Event, Occurrence, Quota):
        assert db.session.scalars(sa.select(model.project_id)).all() == [other.id]


def test_a_rebuilt_index_has_what_members_may_find(place, make_activity):
    shown = make_activity()
    make_activity(State.DRAFT)
    make_activity(State.CANCELLED)
    found = list(searching.all_documents(place.ref))
    assert [each.key for each in found] == [shown.public_id]
