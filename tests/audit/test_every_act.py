"""Every route of the staff that writes records what was done; so does showing a number.

The tests' client holds it for every request of every test as well (tests/audited.py).
"""

import pytest
from flask import Blueprint

from portal.audit.models import AuditEntry
from portal.extensions import db
from tests.audited import EXEMPT, check_audited, reaches_record, staff_writes, watched
from tests.factories import add


def test_every_staff_route_that_writes_reaches_the_trail(migrated_app):
    silent = {
        rule.endpoint
        for rule in staff_writes(migrated_app)
        if not reaches_record(migrated_app.view_functions[rule.endpoint])
    }
    assert silent <= set(EXEMPT)
    assert set(EXEMPT) <= migrated_app.view_functions.keys()


def test_there_are_routes_to_look_at(migrated_app):
    endpoints = {rule.endpoint for rule in staff_writes(migrated_app)}
    assert {"members.unmask", "members.staff_export", "claims.staff_show"} <= endpoints
    assert len(endpoints) > 40


def silent_view():
    return Blueprint("x", "x")


def test_a_view_that_records_nothing_is_seen():
    assert not reaches_record(silent_view)


def test_a_request_that_writes_without_a_row_fails(app):
    with watched() as written:
        db.session.execute(db.text("UPDATE club SET brand_color = '#000000'"))
        db.session.commit()
        db.session.execute(db.text("UPDATE member SET name = 'x'"))
        db.session.rollback()
        with db.session.begin_nested() as savepoint:
            db.session.execute(db.text("DELETE FROM project"))
            savepoint.rollback()
        db.session.commit()
    assert written == {"club"}
    with pytest.raises(AssertionError, match="no audit row"):
        check_audited(app, "POST", "/centre/club", 303, written)
    with watched() as written:
        add(AuditEntry(action="a", subject_kind="club", subject_key="1"))
    check_audited(app, "POST", "/centre/club", 303, {"club"} | written)
    check_audited(app, "POST", "/me/profile", 303, {"member"})
    check_audited(app, "POST", "/centre/club", 422, {"club"})
