"""The pages of background work: who sees them, what they tell, what can be done there."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.audit.models import AuditEntry
from portal.columns import new_public_id
from portal.extensions import db
from portal.jobs.models import JobRow, JobState
from tests import factories as make


def job(kind: str = "mail.send", state: str = JobState.FAILED, **values: Any) -> JobRow:
    """Add a job."""
    now = clock.now()
    values.setdefault("due_at", now)
    if state == JobState.RUNNING:
        values.setdefault("lease_owner", "somebody")
        values.setdefault("started_at", now)
    elif state != JobState.WAITING:
        values.setdefault("finished_at", now)
    return make.add(JobRow(kind=kind, state=state, payload={}, **values))


@pytest.fixture
def administrator(app: Flask) -> FlaskClient:
    return make.sign_in(app.test_client(), make.make_staff("administrator"))


def acts() -> list[str]:
    return list(db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))


def test_others_are_turned_away(app: Flask) -> None:
    found = job()
    client = make.sign_in(app.test_client(), make.make_staff("manager"))
    for path in ("/centre/jobs", f"/centre/jobs/{found.public_id}"):
        assert client.get(path).status_code == 403
    assert client.post(f"/centre/jobs/{found.public_id}/retry").status_code == 403


def test_dead_letters_come_first(administrator: FlaskClient) -> None:
    job("mail.send", error="ConnectionError: no <route>", reference="abc123")
    job("roster.import", JobState.DONE)
    page = administrator.get("/centre/jobs").text
    assert "mail.send" in page
    assert "no &lt;route&gt;" in page
    assert "roster.import" not in page
    page = administrator.get("/centre/jobs?state=done").text
    assert "roster.import" in page


@pytest.mark.parametrize("state", list(JobState))
def test_every_state_has_its_page(administrator: FlaskClient, state: str) -> None:
    found = job(state=state, done=2, total=9, plugin="events", key="k")
    assert administrator.get(f"/centre/jobs?state={state}").status_code == 200
    page = administrator.get(f"/centre/jobs/{found.public_id}")
    assert page.status_code == 200
    assert ("/retry" in page.text) == (state in ("failed", "cancelled"))
    assert ("/cancel" in page.text) == (state in ("failed", "waiting", "running"))


def test_search_finds_part_of_a_kind(administrator: FlaskClient) -> None:
    job("mail.send")
    job("roster_100%.import")
    page = administrator.get("/centre/jobs?state=failed&q=ROSTER").text
    assert "/centre/jobs/" in page
    assert page.count('class="go mono"') == 1
    assert administrator.get("/centre/jobs?q=%25").text.count('class="go mono"') == 1
    nothing = administrator.get("/centre/jobs?q=" + "x" * 5000)
    assert nothing.status_code == 200
    assert administrator.get("/centre/jobs?state=nonsense").status_code == 200


def test_a_missing_runner_is_told(administrator: FlaskClient, client: FlaskClient) -> None:
    job("messages.expire", JobState.WAITING, due_at=clock.now() - timedelta(minutes=9))
    job("of.another_version", JobState.WAITING, due_at=clock.now() - timedelta(days=9))
    assert 'role="alert"' not in administrator.get("/centre/jobs").text
    assert client.get("/readyz").json == {"status": "ok"}
    job("messages.expire", JobState.WAITING, due_at=clock.now() - timedelta(minutes=11))
    assert 'role="alert"' in administrator.get("/centre/jobs").text
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert "portal jobs run" in (ready.json or {})["notice"]


def test_try_again_and_cancel(administrator: FlaskClient) -> None:
    found = job(attempts=12)
    path = f"/centre/jobs/{found.public_id}"
    assert administrator.post(f"{path}/retry").status_code == 303
    db.session.refresh(found)
    assert (found.state, found.attempts, found.finished_at) == (JobState.WAITING, 0, None)
    again = administrator.post(f"{path}/retry")
    assert again.status_code == 409
    assert "等待" in again.text or "Waiting" in again.text
    assert administrator.post(f"{path}/cancel").status_code == 303
    db.session.refresh(found)
    assert found.state == JobState.CANCELLED
    assert administrator.post(f"{path}/cancel").status_code == 409
    assert acts() == ["job.retried", "job.cancelled"]


def test_all_of_a_kind_are_tried_again(administrator: FlaskClient) -> None:
    for _ in range(3):
        job("mail.send")
    other = job("roster.import")
    assert administrator.post("/centre/jobs/retry", data={"kind": "mail.send"}).status_code == 303
    states = db.session.scalars(sa.select(JobRow.state).where(JobRow.kind == "mail.send")).all()
    assert states == [JobState.WAITING] * 3
    db.session.refresh(other)
    assert other.state == JobState.FAILED
    assert acts() == ["job.kind_retried"]
    answer = administrator.post("/centre/jobs/retry", data={"kind": "x" * 9999})
    assert answer.status_code == 303
    assert acts() == ["job.kind_retried"]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_list_is_exported(administrator: FlaskClient, kind: str) -> None:
    job("mail.send", error="=cmd()")
    job("roster.import")
    answer = administrator.post(f"/centre/jobs/export.{kind}?state=failed&q=mail", buffered=True)
    assert answer.status_code == 200
    if kind == "csv":
        lines = answer.text.strip().splitlines()
        assert len(lines) == 2
        assert "'=cmd()" in lines[1]
    assert acts() == ["jobs.exported"]
    assert administrator.post("/centre/jobs/export.exe").status_code == 404


def test_unknown_jobs_are_not_found(administrator: FlaskClient) -> None:
    for path in (new_public_id(), "1", "%00", "x" * 300):
        assert administrator.get(f"/centre/jobs/{path}").status_code == 404
        assert administrator.post(f"/centre/jobs/{path}/cancel").status_code == 404


def test_the_pages_send_a_fixed_number_of_statements(
    administrator: FlaskClient, query_count: Any
) -> None:
    numbers = []
    for count in (3, 25):
        for number in range(count):
            found = job(f"kind.{number}", project_id=make.make_project(slug=f"p{count}").id
                        if number == 0 else None)  # fmt: skip
        with query_count() as sent:
            administrator.get("/centre/jobs")
        with query_count() as sent_one:
            administrator.get(f"/centre/jobs/{found.public_id}")
        numbers.append((len(sent), len(sent_one)))
    assert numbers[0] == numbers[1]
    assert max(numbers[0]) <= 8
