"""What a plugin gets: layers, kinds, one statement, and what happens when two save at once."""

import threading
from datetime import date, time
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, g

from portal.extensions import db, read_only
from portal.plugin_host import service, settings, settings_service
from portal.plugin_host.models import PluginSetting
from portal.plugin_host.refs import project_ref
from portal.plugin_host.setting_types import WrongValueError
from portal.plugin_host.settings import plugin_settings
from portal.plugin_host.settings_service import Change, SettingsChangeError
from portal.projects.models import Project
from tests import factories
from tests.plugin_host.conftest import switch_on
from tests.plugin_host.dials import SECRET, acts, dial_app, keep, put, value, version

__all__ = ["dial_app"]


@pytest.fixture
def project(dial_app: Flask) -> Project:
    return factories.make_project(slug="own")


@pytest.fixture
def needs_pickup(dial_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the toy need a pick-up point and its secret."""
    import dataclasses

    from portal.plugin_host.state import host

    plugin = host().loaded["dials"]
    needing = tuple(
        dataclasses.replace(each, required=each.key in ("pickup", "key"))
        for each in plugin.settings
    )
    host().loaded["dials"] = dataclasses.replace(plugin, settings=needing)


def refused(key: str, new: Any, project: Project | None = None, seen: str = "") -> str:
    changes = [Change(key, new, seen)]
    with pytest.raises(SettingsChangeError) as caught:
        settings_service.change(actor=None, plugin="dials", project=project, changes=changes)
    db.session.rollback()
    settings.forget()
    return caught.value.code


def test_the_strongest_layer_counts(project: Project) -> None:
    other = factories.make_project(slug="other")
    assert value("limit", project) == 2  # plugin.toml, over the default
    assert value("fee", project) == 1250  # the default
    put(limit=3)
    assert value("limit", project) == value("limit") == 3
    put(project, limit=4)
    assert (value("limit", project), value("limit", other), value("limit")) == (4, 3, 3)
    put(limit=None)
    assert (value("limit", project), value("limit", other)) == (4, 2)
    put(project, limit=None)
    assert value("limit", project) == 2
    assert db.session.scalar(sa.select(sa.func.count(PluginSetting.id))) == 0


@pytest.mark.parametrize(
    ("key", "new"),
    [
        ("pickup", "会所一层前台"),
        ("greeting", {"zh_Hans_CN": "您好", "en": "Hello"}),
        ("limit", 0),
        ("fee", 0),
        ("notify", False),
        ("rhythm", "daily"),
        ("tint", "#0f766e"),
        ("opens_on", date(2027, 1, 31)),
        ("opens_at", time(23, 59, 1)),
    ],
)
def test_a_value_comes_back_as_it_went(project: Project, key: str, new: object) -> None:
    put(project, **{key: new})
    assert value(key, project) == new
    assert type(value(key, project)) is type(new)


def test_a_date_of_the_manifest_is_a_date(project: Project) -> None:
    assert value("opens_on", project) == date(2026, 12, 6)


@pytest.mark.parametrize(
    ("key", "new"),
    [
        ("limit", 11), ("limit", -1), ("limit", True), ("limit", "3"), ("limit", 2.0),
        ("fee", 100_001), ("notify", 1), ("notify", "yes"), ("rhythm", "yearly"),
        ("tint", "red"), ("tint", "#0F766E"), ("opens_on", "2026-12-06"), ("opens_at", "09:30"),
        ("pickup", "x" * 41), ("pickup", ""), ("pickup", "a\0b"), ("pickup", "\ud800"),
        ("greeting", "hello"), ("greeting", {"fr": "bonjour"}), ("greeting", {"en": 3}),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(project: Project, key: str, new: object) -> None:
    with pytest.raises(WrongValueError):
        put(project, **{key: new})
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count(PluginSetting.id))) == 0


def test_what_cannot_be_set_so_is_refused(project: Project) -> None:
    assert refused("nothing", 1) == "unknown"
    assert refused("key", "mine") == "secret"
    assert refused("key", None) == "secret"
    assert refused("brand", "Vanke", project) == "of_the_club"
    with pytest.raises(service.SwitchError, match="unknown"):
        settings_service.change(actor=None, plugin="nobody", project=None, changes=[])


def test_a_project_sees_no_own_value_of_a_club_wide_setting(project: Project) -> None:
    keep("left over", "brand", project)
    put(brand="Club")
    assert value("brand", project) == "Club"


@pytest.mark.parametrize("layer", ["project", "club"])
def test_a_value_that_fits_no_longer_counts_as_none(project: Project, layer: str) -> None:
    keep("a text of an older version", "limit", project if layer == "project" else None)
    keep({"a": "table"}, "opens_at", project if layer == "project" else None)
    assert value("limit", project) == 2
    assert value("opens_at", project) == time(9, 30)
    plugin = settings.host().loaded["dials"]
    found = {each.setting.key: each for each in settings.resolve(plugin, project.id)}
    assert found["limit"].misfits == {layer}
    put(project if layer == "project" else None, limit=5)
    assert value("limit", project) == 5


def test_the_secret_is_the_environments(project: Project) -> None:
    assert value("key", project) == SECRET
    keep("forged", "key", project)
    assert value("key", project) == SECRET
    assert SECRET not in repr(plugin_settings("dials"))
    found = settings.resolve(settings.host().loaded["dials"], None)
    assert SECRET not in repr(found)


def test_what_a_plugin_gets_cannot_be_changed(project: Project) -> None:
    value("greeting", project)["zh_Hans_CN"] = "坏"
    assert value("greeting", project) == {"zh_Hans_CN": "您好"}
    with pytest.raises(TypeError):
        plugin_settings("dials")["limit"] = 9  # type: ignore[index]


def test_one_statement_a_request_brings_them_all(
    dial_app: Flask, project: Project, query_count: Any
) -> None:
    put(limit=3)
    with query_count() as sent:
        settings.forget()
        for _ in range(3):
            plugin_settings("dials", project_ref(project))
            plugin_settings("dials")
    assert len(sent) == 1
    switch_on("dials", project)
    client = factories.sign_in(dial_app.test_client(), factories.make_owner(project))
    client.get("/p/own/")
    with query_count() as with_it:
        assert "limit 3" in client.get("/p/own/").text
    db.session.execute(sa.text("UPDATE plugin_state SET enabled = false"))
    with query_count() as without:
        assert "limit 3" not in client.get("/p/own/").text
    assert len(with_it) == len(without) + 1


def test_the_next_request_sees_a_change(dial_app: Flask, project: Project) -> None:
    switch_on("dials", project)
    client = factories.sign_in(dial_app.test_client(), factories.make_owner(project))
    assert "limit=2" in client.get("/p/own/dials/").text
    put(project, limit=7)
    assert "limit=7" in client.get("/p/own/dials/").text


def test_an_unknown_plugin_has_no_settings(project: Project) -> None:
    with pytest.raises(KeyError):
        plugin_settings("nobody")
    with pytest.raises(KeyError):
        plugin_settings("dials")["nothing"]


def test_a_plugin_is_not_switched_on_without_what_it_needs(
    dial_app: Flask, project: Project, needs_pickup: None
) -> None:
    def enable() -> tuple[str, list[str]]:
        settings.forget()
        with pytest.raises(service.SwitchError) as caught:
            service.enable(actor=None, plugin="dials", project=project)
        db.session.rollback()
        return caught.value.code, caught.value.names

    assert enable() == ("settings", ["pickup"])
    dial_app.extensions["portal.settings"].plugin_secrets.clear()
    put(pickup="Front desk")
    assert enable() == ("settings", ["key"])
    dial_app.extensions["portal.settings"].plugin_secrets["PORTAL_PLUGIN_DIALS_KEY"] = SECRET
    settings.forget()
    service.enable(actor=None, plugin="dials", project=project)
    db.session.commit()


def test_what_is_needed_cannot_be_taken_away_where_it_is_on(
    project: Project, needs_pickup: None
) -> None:
    other = factories.make_project(slug="other")
    put(pickup="Front desk")
    put(project, pickup="Gate")
    switch_on("dials", project)
    put(pickup=None)  # the project has its own
    assert refused("pickup", None, project, version("pickup", project)) == "needed"
    assert value("pickup", project) == "Gate"
    put(pickup="Front desk")
    switch_on("dials", other)
    put(project, pickup=None)  # the club's counts
    assert refused("pickup", None, seen=version("pickup")) == "needed"
    assert value("pickup", other) == "Front desk"


def test_the_audit_trail_has_no_texts(project: Project) -> None:
    put(project, limit=4, pickup="ask Lin 13800138000", greeting={"zh_Hans_CN": "x"})
    put(project, limit=None)
    assert acts() == [
        (project.id, {"set": ["greeting", "limit", "pickup"], "values": ["limit:4"]}),
        (project.id, {"taken_back": ["limit"]}),
    ]


@pytest.mark.parametrize("first", [None, 5])
@pytest.mark.parametrize("mine", [None, 6])
def test_who_saves_second_meets_a_conflict(
    project: Project, first: int | None, mine: int | None
) -> None:
    """Seen: 4. Somebody took it away or changed it since."""
    put(project, limit=4)
    seen = version("limit", project)
    put(project, limit=first)
    assert refused("limit", mine, project, seen) == "conflict"
    assert value("limit", project) == (first or 2)


def test_two_first_values_are_a_conflict(project: Project) -> None:
    put(limit=4)
    assert refused("limit", 5) == "conflict"
    put(project, limit=4)
    assert refused("limit", 5, project) == "conflict"


def test_the_version_of_another_project_opens_nothing(project: Project) -> None:
    other = factories.make_project(slug="other")
    put(other, limit=5)
    assert refused("limit", 9, project, version("limit", other)) == "conflict"
    assert refused("limit", None, seen=version("limit", other)) == "conflict"
    assert value("limit", other) == 5


def test_a_conflict_saves_nothing(project: Project) -> None:
    put(project, limit=4)
    changes = [Change("fee", 1, ""), Change("limit", 9, "")]
    with pytest.raises(SettingsChangeError) as caught:
        settings_service.change(actor=None, plugin="dials", project=project, changes=changes)
    assert caught.value.keys == ["limit"]
    db.session.rollback()
    assert value("fee", project) == 1250
    assert len(acts()) == 1


@pytest.mark.parametrize("of_project", [True, False])
@pytest.mark.parametrize("before", [None, 4])
def test_of_many_at_once_one_wins(
    dial_app: Flask, project: Project, of_project: bool, before: int | None
) -> None:
    """Real threads: eight save the same setting, having seen the same."""
    where = project if of_project else None
    if before is not None:
        put(where, limit=before)
    seen, project_id = version("limit", where), project.id
    db.session.commit()
    ready, outcomes = threading.Barrier(8), []

    def save(number: int) -> None:
        with dial_app.app_context():
            read_only.set(False)
            ready.wait()
            try:
                place = db.session.get_one(Project, project_id) if of_project else None
                settings_service.change(
                    actor=None,
                    plugin="dials",
                    project=place,
                    changes=[Change("limit", number, seen)],
                )
                db.session.commit()
                outcomes.append(number)
            except SettingsChangeError as error:
                db.session.rollback()
                outcomes.append(error.code)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=save, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [outcome for outcome in outcomes if outcome != "conflict"]
    assert len(outcomes) == 8
    assert len(winners) == 1
    assert value("limit", where) == winners[0]
    assert len(acts()) == (1 if before is None else 2)


def test_purging_and_removing_take_the_settings(project: Project) -> None:
    from portal.plugin_host import purge, removal

    put(limit=3)
    put(project, limit=4)
    purge.purge(actor=None, plugin="dials", project=project)
    db.session.commit()
    assert value("limit", project) == 3
    removal.remove(actor=None, plugin="dials")
    db.session.commit()
    assert value("limit", project) == 2


def test_nothing_is_kept_between_requests(project: Project) -> None:
    plugin_settings("dials", project_ref(project))
    assert {name for name in vars(g) if "setting" in name} == {
        "plugin_settings",
        "plugin_setting_rows",
    }
