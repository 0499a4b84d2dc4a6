"""`portal plugin settings`: shows where values come from, sets, unsets, and refuses in words."""

from datetime import date

import pytest
from click.testing import Result
from flask import Flask

from portal.operations.plugins import not_of_plugins, settings_problem
from portal.plugin_host.host import Quarantined
from portal.plugin_host.state import host
from portal.projects.models import Project
from tests import factories
from tests.plugin_host.conftest import switch_on
from tests.plugin_host.dials import SECRET, acts, dial_app, keep, put, value
from tests.plugin_host.test_settings import needs_pickup

__all__ = ["dial_app", "needs_pickup"]


@pytest.fixture
def project(dial_app: Flask) -> Project:
    return factories.make_project(slug="own")


def run(app: Flask, *arguments: str) -> Result:
    """Run `portal plugin settings` as the shell does, in a context of its own."""
    from portal.extensions import db
    from portal.plugin_host.cli import commands

    db.session.commit()
    result = app.test_cli_runner().invoke(commands, ["settings", *arguments])
    db.session.expire_all()
    return result


def test_it_tells_value_and_layer(dial_app: Flask, project: Project) -> None:
    put(fee=850)
    put(project, pickup="Gate")
    keep("old", "limit", project)
    lines = {
        line.split()[0]: line.split(maxsplit=1)[1]
        for line in run(dial_app, "dials", "--project", "own").output.splitlines()
    }
    assert lines["pickup"].split() == ["Gate", "project"]
    assert lines["fee"].split() == ["8.50", "club"]
    assert lines["limit"].split(maxsplit=1)[0] == "2"
    assert "manifest, what is kept for the project no longer fits" in lines["limit"]
    assert lines["notify"].split() == ["yes", "default"]
    assert lines["tint"].split() == ["-", "not", "set"]
    assert lines["key"] == "set in PORTAL_PLUGIN_DIALS_KEY"
    assert SECRET not in str(lines)


def test_it_sets_and_unsets(dial_app: Flask, project: Project) -> None:
    result = run(
        dial_app, "dials", "--project", "own",
        "--set", "limit=4", "--set", "fee=12.5", "--set", "notify=no", "--set", "rhythm=daily",
        "--set", "opens_on=2027-01-31", "--set", "pickup=a=b", "--set", "greeting=您好",
        "--set", "greeting.en=Hello",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert value("limit", project) == 4
    assert value("fee", project) == 1250
    assert value("notify", project) is False
    assert value("opens_on", project) == date(2027, 1, 31)
    assert value("pickup", project) == "a=b"
    assert value("greeting", project) == {"zh_Hans_CN": "您好", "en": "Hello"}
    run(dial_app, "dials", "--project", "own", "--set", "greeting.en=Hi", "--unset", "limit")
    assert value("greeting", project) == {"zh_Hans_CN": "您好", "en": "Hi"}
    assert value("limit", project) == 2
    assert len(acts()) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody"], "nobody is not loaded"),
        (["dials", "--project", "nowhere"], "There is no project 'nowhere'."),
        (["dials", "--set", "limit=11"], "limit must be a whole number from 0 to 10."),
        (["dials", "--set", "fee=a"], "fee must be an amount in yuan"),
        (["dials", "--set", "notify=perhaps"], "notify must be yes or no."),
        (["dials", "--set", "rhythm=x"], "rhythm must be one of daily, weekly."),
        (["dials", "--set", "limit"], "give KEY=VALUE"),
        (["dials", "--set", "nothing=1"], "The plugin has no setting nothing."),
        (["dials", "--unset", "nothing"], "The plugin has no setting nothing."),
        (["dials", "--set", "key=s"], "key is a secret"),
        (["dials", "--set", "limit.en=3"], "only texts have languages"),
        (["dials", "--set", "greeting.fr=x"], "only texts have languages"),
        (["dials", "--project", "own", "--set", "brand=x"], "leave --project out"),
    ],
)
def test_it_refuses_in_words(
    dial_app: Flask, project: Project, arguments: list[str], said: str
) -> None:
    result = run(dial_app, *arguments)
    assert result.exit_code == 1
    assert said in result.output
    assert acts() == []


def test_one_bad_value_sets_nothing(dial_app: Flask, project: Project) -> None:
    assert run(dial_app, "dials", "--set", "limit=3", "--set", "nothing=1").exit_code == 1
    assert value("limit") == 2


def test_what_is_needed_stays(dial_app: Flask, project: Project, needs_pickup: None) -> None:
    put(project, pickup="Gate")
    switch_on("dials", project)
    result = run(dial_app, "dials", "--project", "own", "--unset", "pickup")
    assert "The plugin is on and needs a value for pickup." in result.output
    assert value("pickup", project) == "Gate"


def test_the_doctor_knows_the_variables(dial_app: Flask, project: Project) -> None:
    names = ["PORTAL_PLUGIN_DIALS_KEY", "PORTAL_PLUGIN_DIALS_KEX", "PORTAL_PLUGIN_SICK_TOKEN"]
    assert not_of_plugins(names) == ["PORTAL_PLUGIN_DIALS_KEX", "PORTAL_PLUGIN_SICK_TOKEN"]
    host().quarantined["sick"] = Quarantined("sick", "sick_toy", "it is sick")
    assert not_of_plugins(names) == ["PORTAL_PLUGIN_DIALS_KEX"]


def test_the_doctor_tells_what_is_missing(
    dial_app: Flask, project: Project, needs_pickup: None
) -> None:
    assert settings_problem() is None
    switch_on("dials", project)
    assert settings_problem() == "no value for dials in own: pickup"
    dial_app.extensions["portal.settings"].plugin_secrets.clear()
    assert settings_problem() == "no value for dials in own: pickup, key"


def test_texts_need_the_main_language(dial_app: Flask, project: Project) -> None:
    result = run(dial_app, "dials", "--project", "own", "--set", "greeting.en=Hello")
    assert result.exit_code == 1
    assert "greeting needs a text in the club's main language" in result.output
    assert value("greeting", project) == {"zh_Hans_CN": "您好"}
