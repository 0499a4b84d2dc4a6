"""Activities written and led by programs: the pages' rules, a code for every refusal."""

from datetime import timedelta

import sqlalchemy as sa

from plugins.events.models import LogEntry
from portal import clock
from portal.extensions import db
from tests.api.conftest import call
from tests.plugins.events.test_api import code_of
from tests.plugins.events.test_series import open_series

__all__ = ["call"]
HERE = "/p/binjiang/events/staff"


def body(**changed):
    now = clock.now().replace(second=0, microsecond=0)
    moments = {
        "starts_at": now + timedelta(days=3),
        "ends_at": now + timedelta(days=3, hours=2),
        "opens_at": now - timedelta(hours=1),
        "closes_at": now + timedelta(days=2),
        "cancel_until": now + timedelta(days=1),
    }
    return {
        **{name: at.isoformat() for name, at in moments.items()},
        "title": {"zh_Hans_CN": "亲子运动会", "en": "Sports day"},
        "place": {"zh_Hans_CN": "中央草坪"},
        "about": {"zh_Hans_CN": "接力与拔河"},
        "category": "family",
        "capacity": 8,
        "price": 50,
        **changed,
    }


def test_an_activity_is_written_changed_and_led_by_programs(call, place):
    writer, reviewer, owner = (call(each) for each in (place.writer, place.reviewer, place.member))
    made = writer("POST", f"{HERE}/", body())
    assert (made.status_code, made.json["state"], made.json["steps"]) == (201, "draft", ["submit"])
    assert (made.json["capacity"], made.json["price"]) == (8, 50)
    at = f"{HERE}/{made.json['id']}"
    changed = writer("PUT", at, body(capacity=None, by_approval=True))
    assert (changed.json["capacity"], changed.json["by_approval"]) == (None, True)
    assert changed.json["starts_at"] == made.json["starts_at"]
    step = f"{at}/step"
    assert code_of(writer("POST", step, {"step": "close"})) == (409, "ILLEGAL_STEP")
    assert writer("POST", step, {"step": "submit"}).json["state"] == "in_review"
    assert code_of(writer("PUT", at, body())) == (409, "ILLEGAL_STEP")
    assert writer("POST", step, {"step": "approve"}).status_code == 403
    assert reviewer("POST", step, {"step": "approve"}).json["state"] == "scheduled"
    assert writer("POST", step, {"step": "open"}).json["state"] == "open"
    assert code_of(writer("POST", step, {"step": "cancel"})) == (422, "NO_REASON")
    called_off = writer("POST", step, {"step": "cancel", "reason": "雨"})
    assert (called_off.json["state"], called_off.json["steps"]) == ("cancelled", ["archive"])
    steps = db.session.scalars(sa.select(LogEntry.step)).all()
    assert sorted(steps) == ["approve", "cancel", "edit", "open", "submit", "write"]
    for method, path, sent in (
        ("POST", f"{HERE}/", body()),
        ("GET", at, None),
        ("PUT", at, body()),
    ):
        assert owner(method, path, sent).status_code == 403


def test_what_is_wrong_is_named_by_its_field(call, place, make_activity):
    writer = call(place.writer)
    early = clock.now().isoformat()
    for wrong, field in (
        ({"title": {"en": "Sports day"}}, "title.zh_Hans_CN"),
        ({"ends_at": early}, "ends_at"),
        ({"starts_at": "9999-12-31T23:59:00-12:00"}, "starts_at"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at"),
        ({"capacity": -1}, "capacity"),
        ({"category": "?"}, "category"),
    ):
        refused = writer("POST", f"{HERE}/", body(**wrong))
        assert (refused.status_code, field in refused.json["errors"]) == (422, True), refused.json
    assert writer("GET", f"{HERE}/AAAAAAAAAAAAAAAAAAAAAA").status_code == 404
    dates = open_series(place, make_activity, count=3)
    at = f"{HERE}/{dates[1].public_id}"
    kept = writer("GET", at).json
    sent = {key: kept[key] for key in kept if key not in ("id", "state", "steps")}
    assert writer("PUT", at, {**sent, "price": 7, "following": True}).status_code == 200
    db.session.expire_all()
    assert [each.price for each in dates] == [0, 7000, 7000]
