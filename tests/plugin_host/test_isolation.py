"""A plugin that fails takes down nothing but its own part of a page, and staff see why."""

import logging
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.extensions import db
from portal.plugin_host import dispatch, service
from portal.plugin_host.models import PluginFault
from portal.plugin_host.refs import project_ref
from portal.projects.models import Project
from tests import factories
from tests.plugin_host.conftest import switch_on

WRONGS = ["raises", "exits", "wrong_type", "breaks_transaction", "writes"]


@pytest.fixture
def project(host_app: Flask) -> Project:
    project = factories.make_project(slug="own", name="江湾")
    switch_on("notes", project)
    switch_on("hostile", project)
    return project


@pytest.mark.parametrize("wrong", WRONGS)
def test_a_broken_card_leaves_the_other_cards(
    host_app: Flask, project: Project, mood: dict[str, str], wrong: str
) -> None:
    client = factories.sign_in(host_app.test_client(), factories.make_owner(project))
    assert "hostile card" in client.get("/p/own/").text
    mood["member_home"] = wrong
    answer = client.get("/p/own/", headers={"X-Request-ID": "reference-12345"})
    assert answer.status_code == 200
    assert "notes of own" in answer.text
    assert "hostile card" not in answer.text
    assert "reference-12345" in answer.text
    fault = db.session.scalars(sa.select(PluginFault)).one()
    assert (fault.plugin, fault.hook, fault.times) == ("hostile", "member_home", 1)
    assert (fault.project_key, fault.reference) == (project.id, "reference-12345")
    assert db.session.scalar(sa.select(Project.slug)) == "own"
    client.get("/p/own/")
    db.session.expire_all()
    assert fault.times == 2


def test_a_broken_template_is_the_plugins_own_affair(
    host_app: Flask, project: Project, mood: dict[str, str]
) -> None:
    client = factories.sign_in(host_app.test_client(), factories.make_owner(project))
    mood["member_home"] = "template"
    answer = client.get("/p/own/")
    assert answer.status_code == 200
    assert "notes of own" in answer.text
    assert "没有加载出来" in answer.text
    assert db.session.scalars(sa.select(PluginFault)).one().hook.startswith("template")


@pytest.mark.parametrize("wrong", WRONGS)
def test_a_broken_sidebar_or_widget_leaves_the_desk(
    host_app: Flask, project: Project, mood: dict[str, str], wrong: str
) -> None:
    client = factories.sign_in(host_app.test_client(), factories.make_staff("staff", project))
    mood.update(nav_items=wrong, staff_widgets=wrong)
    answer = client.get("/p/own/staff/")
    assert answer.status_code == 200
    assert "/p/own/staff/notes/" in answer.text


@pytest.mark.parametrize(
    ("hook", "wrong"),
    [
        ("nav_items", "bad_link"),
        ("nav_items", "needs_more"),
        ("staff_widgets", "foreign_link"),
        ("staff_widgets", "no_number"),
    ],
)
def test_what_the_desk_could_not_show_is_left_out(
    host_app: Flask, project: Project, mood: dict[str, str], hook: str, wrong: str
) -> None:
    client = factories.sign_in(host_app.test_client(), factories.make_staff("staff", project))
    mood[hook] = wrong
    answer = client.get("/p/own/staff/")
    assert answer.status_code == 200
    assert "/p/own/staff/notes/" in answer.text
    fault = db.session.scalars(sa.select(PluginFault)).one()
    assert (fault.plugin, fault.hook) == ("hostile", hook)


@pytest.mark.parametrize("wrong", ["foreign_template", "half_made"])
def test_what_the_home_could_not_show_is_left_out(
    host_app: Flask, project: Project, mood: dict[str, str], wrong: str
) -> None:
    client = factories.sign_in(host_app.test_client(), factories.make_owner(project))
    mood["member_home"] = wrong
    answer = client.get("/p/own/")
    assert answer.status_code == 200
    assert "notes of own" in answer.text
    assert db.session.scalars(sa.select(PluginFault)).one().hook == "member_home"


def test_in_tests_and_development_the_exception_goes_on(
    host_app: Flask, project: Project, mood: dict[str, str]
) -> None:
    host_app.config["PLUGIN_FAULTS_ARE_KEPT"] = False
    mood["member_home"] = "raises"
    with pytest.raises(RuntimeError, match="hostile on purpose"):
        dispatch.call("member_home", project=project_ref(project))


@pytest.mark.parametrize(("least", "told"), [(1, True), (60_000, False), (0, False)])
def test_a_slow_hook_is_told_in_the_log(
    host_app: Flask,
    project: Project,
    mood: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    least: int,
    told: bool,
) -> None:
    settings = replace(host_app.extensions["portal.settings"], slow_ms=least)
    monkeypatch.setitem(host_app.extensions, "portal.settings", settings)
    mood["member_home"] = "slow"
    with caplog.at_level(logging.WARNING, "portal.slow"):
        dispatch.call("member_home", project=project_ref(project))
    said = [each for each in caplog.records if each.getMessage().startswith("slow hook, ")]
    hostile = [each for each in said if each.getMessage().endswith(": member_home of hostile")]
    assert len(hostile) == told
    if told:
        assert (hostile[0].__dict__["project"], hostile[0].__dict__["milliseconds"] > 0) == (
            project.slug,
            True,
        )


def test_a_hook_that_is_slow_three_times_is_left_out(
    host_app: Flask, project: Project, mood: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.plugin_host.slow.SLOW_SECONDS", 0.05)
    mood["member_home"] = "slow"
    ref = project_ref(project)
    db.session.commit()

    def asked(hook: str) -> list[str]:
        with host_app.app_context():
            return [answer.plugin for answer in dispatch.call(hook, project=ref)]

    for _ in range(3):
        assert asked("member_home") == ["hostile", "notes"]
    assert asked("member_home") == ["notes"]
    assert asked("staff_widgets") == ["hostile", "notes"]
    assert db.session.scalars(sa.select(PluginFault)).one().kind == "SlowHook"


@pytest.mark.parametrize("wrong", [wrong for wrong in WRONGS if wrong != "writes"])
def test_a_check_that_fails_objects(
    host_app: Flask, project: Project, mood: dict[str, str], wrong: str
) -> None:
    other = factories.make_project(slug="else")
    switch_on("hostile", other)
    mood["check_plugin_enable"] = wrong
    with pytest.raises(service.SwitchError) as caught:
        service.enable(actor=None, plugin="notes", project=other)
    assert caught.value.code == "objection"
    db.session.rollback()
    assert "notes" not in dispatch.enabled_for(other.id)


def test_a_check_may_object_with_a_reason(host_app: Flask, project: Project) -> None:
    painted = factories.make_project(slug="painted")
    switch_on("notes", painted)
    with pytest.raises(service.SwitchError) as caught:
        service.enable(actor=None, plugin="hostile", project=painted)
    assert caught.value.names == ["the wall is painted"]
