"""Facts through the SDK: rules act on what plugins tell, where they are on."""

from typing import Any

import pytest
from flask import Flask

from portal import sdk
from portal.earning.checks import rule_problems
from portal.extensions import db
from portal.plugin_host import dispatch
from portal.plugin_host.acting import acting
from portal.plugin_host.refs import member_ref, project_ref
from portal.plugin_host.state import host
from portal.projects.models import Project
from tests import factories
from tests.earning.helpers import publish, rule
from tests.plugin_host.conftest import switch_on

LONG = {"field": "pages", "op": "at_least", "value": 2}


@pytest.fixture
def place(host_app: Flask) -> Any:
    """A project where the toy is on, and a member."""
    project = factories.make_project()
    switch_on("notes", project)
    return project_ref(project), member_ref(factories.make_owner(project))


def write(place: Any, key: str = "1", pages: int = 2, **values: Any) -> Any:
    """Tell of a note as the toy."""
    project, member = place
    values.setdefault("project", project)
    return sdk.record_fact(
        source="notes.written", key=key, member=member, facts={"pages": pages}, **values
    )


def test_facts_are_recorded_where_the_plugin_is_on(place: Any) -> None:
    publish(rule("note", "notes.written", points="5", when=LONG))
    assert write(place) == {"redeemable": 5_000}
    assert write(place) == {}
    assert write(place, "2", pages=1) == {}
    assert write(place, "3", project=None) == {"redeemable": 5_000}
    elsewhere = project_ref(factories.make_project(slug="elsewhere"))
    with pytest.raises(ValueError, match="is not on here"):
        write(place, "4", project=elsewhere)


def test_what_is_withdrawn_is_taken_back(place: Any) -> None:
    publish(rule("note", "notes.written", points="5"))
    write(place, subject="notes:1")
    assert sdk.points_balance(place[1]).available == 5_000
    assert sdk.withdraw_facts(subject="notes:1") == 1
    assert sdk.points_balance(place[1]).available == 0
    assert write(place, "2", subject="notes:1") == {}


def test_what_belongs_to_others_is_refused(place: Any) -> None:
    project, member = place
    for source in ("member.joined", "notes.other", "unknown.thing"):
        with pytest.raises(ValueError, match="is not declared"):
            sdk.record_fact(source=source, key="1", member=member, project=project)
    other = next(name for name in host().loaded if name != "notes")
    for subject in ("contract:1", f"{other}:1", "notesx:1"):
        with pytest.raises(ValueError, match="must begin with"):
            write(place, subject=subject)
    with pytest.raises(ValueError, match="must begin with"):
        sdk.withdraw_facts(subject="contract:1")
    with pytest.raises(sdk.FactError):
        write(place, "k" * 61)


def test_a_plugin_withdraws_its_own_facts_only(place: Any, mood: dict[str, Any]) -> None:
    project, member = place
    publish(rule("note", "notes.written", points="5"))
    switch_on("hostile", db.session.get_one(Project, project.id))
    write(place, subject="notes:1")
    mood["check_plugin_enable"] = lambda: sdk.withdraw_facts(subject="notes:1")
    objections = dispatch.check("check_plugin_enable", project=project, plugin="notes")
    assert [each.split(":")[0] for each in objections] == ["hostile"]
    assert sdk.points_balance(member).available == 5_000
    with acting("hostile"), pytest.raises(ValueError, match="no say"):
        write(place, "2")
    with acting("notes"):
        assert sdk.withdraw_facts(subject="notes:1") == 1


def test_rules_may_read_the_fields_that_the_plugin_declares(place: Any) -> None:
    assert rule_problems(rule("note", "notes.written", when=LONG)) == []
    other = {"field": "lines", "op": "at_least", "value": 2}
    assert [each.code for each in rule_problems(rule("note", "notes.written", when=other))] == [
        "unknown_field"
    ]
