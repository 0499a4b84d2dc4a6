"""What the kit gives to the tests of a plugin."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.outbox.service import emit
from portal.sdk import now
from portal.sdk.testing.database import checked_url
from portal.sdk.testing.moving import Clock

PLUGIN = "events"


def test_people_come_where_they_live_and_work(
    as_member: Any, as_staff: Any, as_account: Any, other_project: Any
) -> None:
    assert as_member.get("/p/own/").status_code == 200
    assert as_member.get("/p/own/staff/").status_code == 403
    assert as_staff.get("/p/own/staff/").status_code == 200
    assert as_staff.get("/p/other/staff/").status_code == 403


def test_a_plugin_is_on_where_it_was_switched_on(
    enabled: Any, as_member: Any, member: Any, project: Any
) -> None:
    page = "/p/own/events/"
    assert as_member.get(page).status_code == 404
    with enabled(PLUGIN):
        assert as_member.get(page).status_code == 200
    assert as_member.get(page).status_code == 404
    enabled(PLUGIN, project)
    assert as_member.get(page).status_code == 200


def test_the_time_stands_until_it_is_moved(clock: Clock) -> None:
    began = now()
    assert now() == began
    clock.advance(days=2)
    clock.advance(timedelta(hours=1))
    assert now() - began == timedelta(days=2, hours=1)
    clock.set(datetime(2026, 1, 1, tzinfo=UTC))
    assert now().year == 2026
    with pytest.raises(ValueError, match="time zone"):
        clock.set(datetime(2026, 1, 1))  # noqa: DTZ001 - refused


def test_the_outbox_has_what_was_emitted(outbox: Any, project: Any) -> None:
    emit(kind="plugin.enabled", project_id=project.id, subject=("plugin", "library"), data={"n": 1})
    assert outbox.kinds == ["plugin.enabled"]
    (event,) = outbox.of("plugin.enabled")
    assert (event.project_id, event.subject, event.data) == (
        project.id,
        ("plugin", "library"),
        {"n": 1},
    )
    assert outbox.of("library.lent") == []


def test_only_a_database_of_tests_is_emptied() -> None:
    assert checked_url("postgresql://me@host/my_tests").startswith("postgresql+psycopg://me@host/")
    for url in ("postgresql://me@host/club", "sqlite:///test"):
        with pytest.raises(pytest.UsageError):
            checked_url(url)
