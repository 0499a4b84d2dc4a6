"""What plugins do after a commit: gated when it starts, isolated, tried again."""

import dataclasses
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, g

from portal import clock, create_app, sdk
from portal.config import Settings
from portal.extensions import db
from portal.jobs import registry
from portal.jobs.models import JobRow, JobState
from portal.jobs.run import HandedOverError, LeaseLostError
from portal.jobs.runner import Runner
from portal.jobs.service import enqueue
from portal.members.service import join
from portal.outbox import service as outbox
from portal.plugin_host import dispatch, service
from portal.plugin_host.models import PluginBlock, PluginFault
from portal.projects.models import Project, ProjectInterest
from portal.projects.service import add_ownership, end_ownership
from portal.sdk import emit
from tests import factories
from tests.plugin_host.conftest import NOTES, switch_on
from tests.plugin_host.installation import TOML

DIARY = EntryPoint("diary", "diary_toy", "portal.plugins")
Heard = list[tuple[str, Any]]


@pytest.fixture
def diary_app(
    toys: None, app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flask]:
    """The application with a plugin that notes what it is told; no other work is due."""
    periodic = [kind for kind, job in registry.CORE.items() if job.every or job.at]
    for kind in periodic:
        monkeypatch.delitem(registry.CORE, kind)
    found = create_app(dataclasses.replace(settings), plugins=[DIARY, NOTES])
    assert found.extensions["portal.plugins"].quarantined == {}
    with found.app_context():
        engine = db.engine
        yield found
    engine.dispose()


@pytest.fixture
def toy(diary_app: Flask) -> Any:
    """The plugin's module."""
    return sys.modules["diary_toy.hooks"]


def run_jobs() -> None:
    """Do what is due, in the application of the test."""
    from flask import current_app

    db.session.commit()
    Runner(current_app._get_current_object()).run_once()  # type: ignore[attr-defined]
    db.session.expire_all()


def heard(toy: Any, name: str) -> list[Any]:
    return [what for what_name, what in toy.HEARD if what_name == name]


def jobs(kind: str) -> list[JobRow]:
    return list(db.session.scalars(sa.select(JobRow).where(JobRow.kind == kind)))


@pytest.mark.parametrize("raised", [HandedOverError(), LeaseLostError()])
def test_a_runner_that_lets_go_of_a_job_is_no_fault(toy: Any, raised: BaseException) -> None:
    def let_go(_: Any) -> None:
        raise raised

    with pytest.raises(type(raised)):
        dispatch.do_job("diary", "diary.tidy", let_go, SimpleNamespace(project_id=None))
    assert "plugin_faults" not in g


def test_a_job_runs_where_the_plugin_is_on(toy: Any) -> None:
    on, off = factories.make_project(slug="on"), factories.make_project(slug="off")
    switch_on("diary", on)
    for project in (on, off):
        enqueue(kind="diary.tidy", payload={"n": 1}, project_id=project.id)
    enqueue(kind="diary.tidy")
    run_jobs()
    told = [what for what in heard(toy, "tidy") if "slot" not in what[1]]
    assert sorted(told, key=str) == sorted([(on.id, {"n": 1}), (None, {})], key=str)
    states = {(job.project_id, job.state, job.plugin) for job in jobs("diary.tidy")}
    assert states == {
        (on.id, JobState.DONE, "diary"),
        (off.id, JobState.SKIPPED, "diary"),
        (None, JobState.DONE, "diary"),
    }


def test_a_club_wide_job_waits_for_no_project(toy: Any) -> None:
    factories.make_project()
    enqueue(kind="diary.tidy")
    run_jobs()
    assert heard(toy, "tidy") == []
    (job,) = jobs("diary.tidy")
    assert (job.state, job.error) == (JobState.SKIPPED, "the plugin is off")


def test_a_blocked_plugin_does_nothing(toy: Any) -> None:
    project = factories.make_project()
    switch_on("diary", project)
    factories.add(PluginBlock(plugin="diary", reason="broken"))
    enqueue(kind="diary.tidy", project_id=project.id)
    outbox.emit(kind="claim.made", project_id=project.id, subject=("claim", "c"))
    run_jobs()
    assert toy.HEARD == []
    (job,) = jobs("diary.tidy")
    assert job.state == JobState.SKIPPED


def test_a_switch_between_asking_and_starting_counts(toy: Any) -> None:
    project = factories.make_project()
    row = switch_on("diary", project)
    enqueue(kind="diary.tidy", project_id=project.id)
    outbox.emit(kind="claim.made", project_id=project.id, subject=("claim", "c"))
    db.session.commit()
    from portal.outbox.relay import relay

    relay()
    row.enabled = False
    run_jobs()
    assert toy.HEARD == []
    assert jobs("event:diary.on_domain_event")[0].state == JobState.SKIPPED


def test_a_daily_job_comes_once_for_each_project_that_is_on(toy: Any) -> None:
    on = factories.make_project(slug="on")
    factories.make_project(slug="off")
    switch_on("diary", on)
    run_jobs()
    run_jobs()
    assert [project_id for project_id, _ in heard(toy, "tidy")] == [on.id]
    assert [job.project_id for job in jobs("diary.daily")] == [on.id]


def test_a_job_of_the_club_comes_while_the_plugin_is_on_somewhere(toy: Any) -> None:
    on, off = factories.make_project(slug="on"), factories.make_project(slug="off")
    run_jobs()
    assert jobs("diary.often") == jobs("diary.daily") == []
    switch_on("diary", on)
    switch_on("notes", off)
    run_jobs()
    assert heard(toy, "often") == [["on"]]
    factories.add(PluginBlock(plugin="diary", reason="a leak"))
    assert sdk.open_projects("diary") == []


def test_events_reach_the_plugin_where_it_is_on(toy: Any) -> None:
    on, off = factories.make_project(slug="on"), factories.make_project(slug="off")
    switch_on("diary", on)
    member, staff = factories.make_member(), factories.make_staff("staff")
    for project in (on, off):
        ownership = add_ownership(
            actor=staff, unit=factories.make_unit(project), member=member, role="owner",
            since=clock.business_date("Asia/Shanghai"),
        )  # fmt: skip
        end_ownership(
            actor=staff, ownership=ownership, reason="mistake",
            on=clock.business_date("Asia/Shanghai"),
        )  # fmt: skip
    run_jobs()
    events = heard(toy, "event")
    assert {event.kind for event in events} == {"ownership.started", "ownership.ended"}
    assert {event.project_id for event in events} == {on.id}
    (started,) = (event for event in events if event.kind == "ownership.started")
    assert started.data["member"] == member.public_id
    assert started.data["role"] == "owner"


def test_plugins_hear_of_each_other(toy: Any) -> None:
    project = factories.make_project()
    switch_on("diary", project)
    emit(kind="diary.pinned", project_id=project.id, subject=("note", "n1"))
    run_jobs()
    assert [event.subject for event in heard(toy, "event")] == [("note", "n1")]
    for kind in ("diary.undeclared", "member.joined"):
        with pytest.raises(ValueError, match=kind):
            emit(kind=kind, project_id=None, subject=("note", "n1"))


def test_a_plugin_hears_of_its_own_switches_only(toy: Any) -> None:
    project = factories.make_project()
    for act in (service.enable, service.disable):
        for plugin in ("diary", "notes"):
            act(actor=None, plugin=plugin, project=project)
        run_jobs()
    assert [where.slug for where in heard(toy, "enabled")] == [project.slug]
    assert [where.slug for where in heard(toy, "disabled")] == [project.slug]


def test_what_was_switched_back_meanwhile_is_not_told(toy: Any) -> None:
    project = factories.make_project()
    service.enable(actor=None, plugin="diary", project=project)
    service.disable(actor=None, plugin="diary", project=project)
    run_jobs()
    assert (heard(toy, "enabled"), len(heard(toy, "disabled"))) == ([], 1)


def test_a_new_member_is_told_with_their_projects(toy: Any) -> None:
    here, there, off = (factories.make_project(slug=slug) for slug in ("here", "there", "off"))
    switch_on("diary", here)
    switch_on("diary", there)
    member = join(account=factories.make_account(), name="林晓芸")
    for project in (here, off):
        db.session.add(ProjectInterest(member_id=member.id, project_id=project.id))
    join(account=factories.make_account(), name="周以安")
    run_jobs()
    ((projects, ref),) = heard(toy, "joined")
    assert [project.slug for project in projects] == ["here"]
    assert (ref.public_id, ref.name) == (member.public_id, "林晓芸")


@pytest.mark.parametrize("error", [RuntimeError("toy on purpose"), SystemExit("left")])
def test_what_fails_is_noted_and_tried_again(toy: Any, error: BaseException) -> None:
    project = factories.make_project()
    switch_on("diary", project)
    toy.MOOD.update(tidy=error, event=error)
    enqueue(kind="diary.tidy", project_id=project.id)
    emit(kind="diary.pinned", project_id=project.id, subject=("note", "n1"))
    run_jobs()
    faults = {
        fault.hook: fault
        for fault in db.session.scalars(
            sa.select(PluginFault).where(PluginFault.hook != "job diary.daily")
        )
    }
    assert faults.keys() == {"job diary.tidy", "on_domain_event"}
    (job,) = jobs("diary.tidy")
    assert (job.state, job.attempts) == (JobState.WAITING, 1)
    assert faults["job diary.tidy"].reference == job.reference != "-"
    assert faults["job diary.tidy"].project_key == project.id
    toy.MOOD.clear()
    db.session.execute(sa.update(JobRow).values(due_at=clock.now()))
    run_jobs()
    assert {job.state for job in db.session.scalars(sa.select(JobRow))} == {JobState.DONE}


def test_an_answer_where_none_is_wanted_is_a_fault(
    toy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    project: Project = factories.make_project()
    switch_on("diary", project)
    host = toy.on_domain_event
    from flask import current_app

    manager = current_app.extensions["portal.plugins"].manager
    (implementation,) = manager.hook.on_domain_event.get_hookimpls()
    monkeypatch.setattr(implementation, "function", lambda event: "an answer")
    assert host is not None
    emit(kind="diary.pinned", project_id=project.id, subject=("note", "n1"))
    run_jobs()
    (job,) = jobs("event:diary.on_domain_event")
    assert "must return" in job.error


@pytest.mark.parametrize(
    ("hooks", "reason"),
    [
        ("return [Job('other.tidy', print)]", "the kind 'other.tidy' of a job or event"),
        ("return [Job('bad.tidy', print), Job('bad.tidy', print)]", "is there twice"),
        ("return ['bad.tidy']", "must return Job"),
        ("return [Job('bad.tidy', print, every=timedelta(seconds=1))]", "between 10 seconds"),
    ],
)
def test_wrong_jobs_are_quarantined(
    toys: None,
    app: Flask,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hooks: str,
    reason: str,
) -> None:
    package = tmp_path / "bad_toy"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "plugin.toml").write_text(TOML.format(name="bad"), "utf-8")
    text = "from datetime import timedelta\nfrom portal.sdk import Job, hookimpl\n\n"
    (package / "hooks.py").write_text(f"{text}@hookimpl\ndef register_jobs():\n    {hooks}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    point = EntryPoint("bad", "bad_toy", "portal.plugins")
    found = create_app(dataclasses.replace(settings), plugins=[point])
    assert reason in found.extensions["portal.plugins"].quarantined["bad"].reason
