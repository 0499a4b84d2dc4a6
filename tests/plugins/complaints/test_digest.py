"""The morning's digest for who watches complaints."""

from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from plugins.complaints import digest
from plugins.complaints.casework import lock
from portal import clock
from portal.extensions import db
from portal.notifications.models import Notification
from portal.plugin_host.telling import notify
from tests.factories import make_staff


@pytest.fixture
def morning():
    """Run the job as its runner would."""

    def run():
        job = SimpleNamespace(done=0, checkpoint=lambda done: db.session.commit())
        digest.send(job)
        db.session.commit()
        kind = sa.select(Notification).where(Notification.kind == "complaints.morning")
        return db.session.scalars(kind.order_by(Notification.account_id)).all()

    return run


def test_who_watches_is_told_once_a_day_how_many_there_are(place, make_case, morning):
    assert morning() == []
    make_case()
    late = lock(make_case("门禁坏了").id)
    late.due_at = late.active_at = clock.now().replace(year=clock.now().year - 1)
    db.session.commit()
    leader = make_staff("leader")
    told = morning()
    assert {each.account_id for each in told} == {place.centre.id, leader.id}
    assert len(morning()) == 2
    words = told[0].body["zh_Hans_CN"]
    assert "新增 2 件，超过时限 1 件，业主不认可方案 0 件" in words
    assert "一天无人查看 1 件" in words
    assert told[0].url == "/centre/complaints/"


def test_staff_are_named_as_staff(place):
    with pytest.raises(ValueError, match="`staff` is a list of StaffRef"):
        notify(staff=[place.owner], kind="complaints.morning", cause="x", project=None)
