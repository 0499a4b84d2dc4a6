"""Switching on and off: what is refused and why, on the page and in the service."""

import dataclasses

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.permissions.roles import RoleName
from portal.plugin_host import service
from portal.plugin_host.host import Quarantined
from portal.plugin_host.models import PluginBlock, PluginFault, PluginState
from portal.plugin_host.state import enabled_in, host
from portal.projects.models import Project
from tests import factories
from tests.plugin_host.conftest import switch_on


@pytest.fixture
def project(host_app: Flask) -> Project:
    return factories.make_project(slug="own", name="江湾")


@pytest.fixture
def administrator(host_app: Flask) -> FlaskClient:
    account = factories.make_staff(RoleName.ADMINISTRATOR)
    return factories.sign_in(host_app.test_client(), account)


@pytest.fixture
def needy(host_app: Flask) -> None:
    """Let the hostile toy require the notes."""
    plugin = host().loaded["hostile"]
    needing = dataclasses.replace(plugin.manifest, requires=frozenset({"notes"}))
    host().loaded["hostile"] = dataclasses.replace(plugin, manifest=needing)


def on(project: Project) -> frozenset[str]:
    return enabled_in([project.id])[project.id]


def refused(act: object, plugin: str, project: Project) -> tuple[str, list[str]]:
    """Return why an act was refused."""
    with pytest.raises(service.SwitchError) as caught:
        act(actor=None, plugin=plugin, project=project)  # type: ignore[operator]
    db.session.rollback()
    return caught.value.code, caught.value.names


def acts() -> list[tuple[str, int | None]]:
    return [
        (entry.action, entry.project_id)
        for entry in db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))
        if entry.action.startswith("plugin.")
    ]


def test_on_off_on_keeps_one_row_and_tells_each_act(project: Project) -> None:
    for act in (service.enable, service.disable, service.enable):
        act(actor=None, plugin="notes", project=project)
        db.session.commit()
        assert ("notes" in on(project)) == (act is service.enable)
    assert db.session.scalar(sa.select(sa.func.count(PluginState.id))) == 1
    assert [action for action, _ in acts()] == [
        "plugin.enabled",
        "plugin.disabled",
        "plugin.enabled",
    ]


def test_once_more_changes_nothing(project: Project) -> None:
    for act in (service.enable, service.enable, service.disable, service.disable):
        act(actor=None, plugin="notes", project=project)
        db.session.commit()
    assert acts() == [("plugin.enabled", project.id), ("plugin.disabled", project.id)]


def test_what_is_not_there_cannot_be_switched(project: Project) -> None:
    assert refused(service.enable, "nobody", project) == ("unknown", [])
    assert refused(service.disable, "nobody", project) == ("unknown", [])
    with pytest.raises(service.SwitchError, match="unknown"):
        service.block(actor=None, plugin="nobody", reason="x")


def test_what_is_in_quarantine_can_only_be_switched_off(project: Project) -> None:
    host().quarantined["sick"] = Quarantined("sick", "sick_toy", "it is sick")
    switch_on("sick", project)
    assert refused(service.enable, "sick", project) == ("quarantined", ["it is sick"])
    service.disable(actor=None, plugin="sick", project=project)
    db.session.commit()
    assert db.session.scalars(sa.select(PluginState.enabled)).one() is False


def test_what_is_blocked_cannot_be_switched_on(project: Project) -> None:
    service.block(actor=None, plugin="notes", reason="a leak")
    db.session.commit()
    assert refused(service.enable, "notes", project) == ("blocked", [])
    service.unblock(actor=None, plugin="notes")
    db.session.commit()
    service.enable(actor=None, plugin="notes", project=project)
    db.session.commit()
    assert on(project) == {"notes"}


def test_a_block_remembers_where_it_was_on(project: Project) -> None:
    switch_on("notes", project)
    service.block(actor=None, plugin="notes", reason="a leak")
    service.block(actor=None, plugin="notes", reason="once more")
    db.session.commit()
    assert on(project) == frozenset()
    for _ in range(2):
        service.unblock(actor=None, plugin="notes")
        db.session.commit()
    assert on(project) == {"notes"}
    assert acts() == [("plugin.blocked", None), ("plugin.unblocked", None)]


def test_needs_come_first_and_go_last(project: Project, needy: None) -> None:
    assert refused(service.enable, "hostile", project) == ("requires", ["notes"])
    service.enable(actor=None, plugin="notes", project=project)
    service.enable(actor=None, plugin="hostile", project=project)
    db.session.commit()
    assert on(project) == {"notes", "hostile"}
    assert refused(service.disable, "notes", project) == ("needed", ["hostile"])
    service.disable(actor=None, plugin="hostile", project=project)
    service.disable(actor=None, plugin="notes", project=project)
    db.session.commit()
    assert on(project) == frozenset()


def test_what_it_needs_takes_it_along_when_blocked(project: Project, needy: None) -> None:
    switch_on("notes", project)
    switch_on("hostile", project)
    service.block(actor=None, plugin="notes", reason="a leak")
    db.session.commit()
    assert on(project) == frozenset()


def test_two_at_once_switch_on_once(host_app: Flask, project: Project) -> None:
    """The second finds no row, and the first one's when it adds its own."""

    def first(*_: object) -> None:
        with host_app.app_context():
            found = db.session.get_one(Project, 1)
            service.enable(actor=None, plugin="notes", project=found)
            db.session.commit()

    if db.engine.dialect.name == "sqlite":
        # The write lock lets the second begin only when the first is done.
        service.enable(actor=None, plugin="notes", project=project)
        db.session.commit()
    else:
        sa.event.listen(db.session, "before_flush", first, once=True)
    service.enable(actor=None, plugin="notes", project=project)
    db.session.commit()
    assert on(project) == {"notes"}
    assert acts() == [("plugin.enabled", project.id)]


def test_the_page_switches(administrator: FlaskClient, project: Project) -> None:
    for value, words in (("1", "已在江湾"), ("0", "数据")):
        form = {"slug": "own", "on": value}
        answer = administrator.post("/centre/plugins/notes/switch", data=form)
        assert answer.status_code == 303
        assert words in administrator.get(answer.location).text
        assert ("notes" in on(project)) == (value == "1")
    assert acts() == [("plugin.enabled", project.id), ("plugin.disabled", project.id)]
    entry = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert entry.actor_id is not None


def test_a_form_with_a_key_switches_although_another_is_asked(
    administrator: FlaskClient, project: Project
) -> None:
    switch_on("hostile", project)
    form = {"slug": "own", "on": "1", "idempotency_key": "k" * 22}
    # Its check runs in a savepoint that is undone: the key stays taken all the same.
    for _ in range(2):
        assert administrator.post("/centre/plugins/notes/switch", data=form).status_code == 303
    assert "notes" in on(project)


def test_pressing_twice_switches_once(administrator: FlaskClient, project: Project) -> None:
    form = {"slug": "own", "on": "1", "idempotency_key": "k" * 22}
    for _ in range(2):
        assert administrator.post("/centre/plugins/notes/switch", data=form).status_code == 303
    assert acts() == [("plugin.enabled", project.id)]


def test_the_page_says_why_not(administrator: FlaskClient, project: Project, needy: None) -> None:
    form = {"slug": "own", "on": "1"}
    answer = administrator.post("/centre/plugins/hostile/switch", data=form, follow_redirects=True)
    assert 'role="alert"' in answer.text
    assert "便签" in answer.text
    assert on(project) == frozenset()
    assert acts() == []


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("nobody/switch", {"slug": "own", "on": "1"}),
        ("notes/switch", {"slug": "nowhere", "on": "1"}),
        ("notes/switch", {"on": "1"}),
        ("nobody/block", {"on": "1", "reason": "x"}),
    ],
)
def test_what_the_address_does_not_know_is_404(
    administrator: FlaskClient, project: Project, path: str, form: dict[str, str]
) -> None:
    assert administrator.post(f"/centre/plugins/{path}", data=form).status_code == 404
    assert acts() == []


def test_a_page_of_nobody_is_404(administrator: FlaskClient) -> None:
    assert administrator.get("/centre/plugins/nobody").status_code == 404


def test_a_block_asks_for_a_reason(administrator: FlaskClient, project: Project) -> None:
    switch_on("notes", project)
    form = {"on": "1", "reason": "  "}
    answer = administrator.post("/centre/plugins/notes/block", data=form, follow_redirects=True)
    assert 'role="alert"' in answer.text
    assert db.session.get(PluginBlock, "notes") is None
    form = {"on": "1", "reason": "漏" * 600}
    administrator.post("/centre/plugins/notes/block", data=form)
    blocked = db.session.get(PluginBlock, "notes")
    assert blocked is not None
    assert blocked.reason == "漏" * 500
    assert "漏漏" in administrator.get("/centre/plugins/notes").text
    administrator.post("/centre/plugins/notes/block", data={"on": "0"})
    db.session.expire_all()
    assert db.session.get(PluginBlock, "notes") is None
    assert on(project) == {"notes"}


@pytest.mark.parametrize("role", [role for role in RoleName if role != RoleName.ADMINISTRATOR])
def test_nobody_else_may_look_or_switch(host_app: Flask, project: Project, role: str) -> None:
    client = factories.sign_in(host_app.test_client(), factories.make_staff(role))
    form = {"slug": "own", "on": "1", "reason": "x"}
    answers = [
        client.get("/centre/plugins"),
        client.get("/centre/plugins/notes"),
        client.post("/centre/plugins/notes/switch", data=form),
        client.post("/centre/plugins/notes/block", data=form),
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert on(project) == frozenset()
    assert db.session.get(PluginBlock, "notes") is None


def test_an_administrator_of_one_project_is_none_of_the_club(
    host_app: Flask, project: Project
) -> None:
    account = factories.make_staff(RoleName.ADMINISTRATOR, project)
    client = factories.sign_in(host_app.test_client(), account)
    form = {"slug": "own", "on": "1"}
    assert client.post("/centre/plugins/notes/switch", data=form).status_code == 403
    assert on(project) == frozenset()


def test_a_visitor_is_led_to_the_sign_in(host_app: Flask, project: Project) -> None:
    client = host_app.test_client()
    assert client.get("/centre/plugins").status_code == 302
    answer = client.post("/centre/plugins/notes/switch", data={"slug": "own", "on": "1"})
    assert "/login" in answer.location
    assert on(project) == frozenset()


def test_the_pages_tell_what_is_wrong(administrator: FlaskClient, project: Project) -> None:
    from portal import clock

    host().quarantined["sick"] = Quarantined("sick", "sick_toy", "it is <sick>")
    switch_on("notes", project)
    factories.add(
        PluginFault(
            plugin="notes",
            hook="member_home",
            project_key=project.id,
            reference="reference-1",
            kind="KeyError",
            traceback="KeyError: '<b>'",
            times=14,
            last_at=clock.now(),
        )
    )
    matrix = administrator.get("/centre/plugins").text
    assert "it is &lt;sick&gt;" in matrix
    assert "14" in matrix
    page = administrator.get("/centre/plugins/notes").text
    assert "reference-1" in page
    assert "KeyError: &#39;&lt;b&gt;&#39;" in page


def test_the_matrix_asks_little(
    host_app: Flask, administrator: FlaskClient, project: Project
) -> None:
    administrator.get("/centre/plugins")

    def count() -> int:
        sent: list[str] = []

        def note(_c: object, _cursor: object, text: str, *_: object) -> None:
            sent.append(text)

        sa.event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert administrator.get("/centre/plugins").status_code == 200
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", note)
        return len([text for text in sent if text.startswith("SELECT")])

    few = count()
    for number in range(5):
        switch_on("notes", factories.make_project(slug=f"more-{number}"))
    assert count() == few
