"""The generated pages: what they show, what they refuse, who may come, and what stays secret."""

import html
import json
import logging
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.permissions.roles import RoleName
from portal.plugin_host import service
from portal.plugin_host.models import PluginSetting
from portal.projects.models import Project
from tests import factories
from tests.plugin_host.conftest import switch_on
from tests.plugin_host.dials import SECRET, acts, dial_app, keep, put, value
from tests.plugin_host.test_settings import needs_pickup

__all__ = ["dial_app", "needs_pickup"]
CLUB = "/centre/plugins/dials/settings"
OWN = "/p/own/staff/plugins/dials/settings"


@pytest.fixture
def project(dial_app: Flask) -> Project:
    return factories.make_project(slug="own", name="江湾")


@pytest.fixture
def administrator(dial_app: Flask, project: Project) -> FlaskClient:
    account = factories.make_staff(RoleName.ADMINISTRATOR, display_name="吴桐")
    return factories.sign_in(dial_app.test_client(), account)


@pytest.fixture
def manager(dial_app: Flask, project: Project) -> FlaskClient:
    account = factories.make_staff(RoleName.MANAGER, project, display_name="高远")
    return factories.sign_in(dial_app.test_client(), account)


def fields(client: FlaskClient, path: str) -> dict[str, str]:
    """Return what a page's form would send when nobody touched it."""
    page = client.get(path)
    assert page.status_code == 200
    form = re.search(r'<form method="post" novalidate>.*?</form>', page.text, re.DOTALL)
    assert form is not None
    found = {}
    for tag in re.findall(r"<input [^>]*>", form[0]):
        name, text = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        assert name is not None
        found[name[1]] = _plain(text[1]) if text else ""
    for name, text in re.findall(
        r'<textarea[^>]*name="([^"]+)"[^>]*>\r?\n?(.*?)</textarea>', form[0], re.DOTALL
    ):
        found[name] = _plain(text)
    for name, options in re.findall(
        r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form[0], re.DOTALL
    ):
        chosen = re.search(r'<option selected value="([^"]*)"', options)
        found[name] = chosen[1] if chosen else ""
    return found


def _plain(text: str) -> str:
    return html.unescape(text)


def send(client: FlaskClient, path: str, **typed: str) -> Any:
    """Open the page, type into some fields, and send it."""
    form = fields(client, path)
    for name, text in typed.items():
        assert f"s-{name}" in form, name
        form[f"s-{name}"] = text
    return client.post(path, data=form)


def test_every_kind_is_set_on_the_page(manager: FlaskClient, project: Project) -> None:
    typed = {
        "pickup": "  会所一层前台 ", "greeting-zh_Hans_CN": "您好\n欢迎", "greeting-en": "Hello",
        "limit": "１0", "fee": "¥1,000", "notify": "no", "rhythm": "daily",
        "tint": "#0F766E", "opens_on": "2027-01-31", "opens_at": "18:45",
    }  # fmt: skip
    answer = send(manager, OWN, **typed)
    assert answer.status_code == 303
    assert answer.location.endswith(OWN)
    found = {
        row.key: row.value
        for row in db.session.scalars(sa.select(PluginSetting))
        if row.project_id == project.id
    }
    assert found == {
        "pickup": "会所一层前台",
        "greeting": {"zh_Hans_CN": "您好\n欢迎", "en": "Hello"},
        "limit": 10,
        "fee": 100_000,
        "notify": False,
        "rhythm": "daily",
        "tint": "#0f766e",
        "opens_on": "2027-01-31",
        "opens_at": "18:45:00",
    }
    assert value("pickup") is None
    page = manager.get(OWN).text
    assert "高远" in page
    assert 'value="18:45"' in page


def test_an_untouched_page_changes_nothing(manager: FlaskClient, project: Project) -> None:
    put(project, limit=4, greeting={"en": "a\n<b>", "zh_Hans_CN": "'\"&"}, notify=False)
    assert send(manager, OWN).status_code == 303
    assert value("greeting", project) == {"en": "a\n<b>", "zh_Hans_CN": "'\"&"}
    assert len(acts()) == 1


def test_an_emptied_field_is_the_layer_below(
    administrator: FlaskClient, manager: FlaskClient, project: Project
) -> None:
    send(administrator, CLUB, limit="5", notify="no")
    send(manager, OWN, limit="7", notify="yes")
    assert (value("limit", project), value("notify", project)) == (7, True)
    page = manager.get(OWN).text
    assert "沿用业主会：5" in page
    assert "沿用业主会：否" in page
    send(manager, OWN, limit="", notify="")
    assert (value("limit", project), value("notify", project)) == (5, False)
    send(administrator, CLUB, limit="", notify="")
    assert (value("limit", project), value("notify", project)) == (2, True)
    assert [project_id for project_id, _ in acts()] == [None, project.id, project.id, None]


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("limit", "11", "0 到 10"),
        ("limit", "many", "0 到 10"),
        ("limit", "1.5", "0 到 10"),
        ("limit", "9" * 4000, "0 到 10"),
        ("fee", "abc", "例如 12.50"),
        ("fee", "1.005", "例如 12.50"),
        ("fee", "1e3", "例如 12.50"),
        ("fee", "NaN", "例如 12.50"),
        ("fee", "-1", "例如 12.50"),
        ("tint", "teal", "#0f766e"),
        ("opens_on", "tomorrow", "2026-12-06"),
        ("opens_on", "2026-02-30", "2026-12-06"),
        ("opens_at", "25:00", "09:30"),
        ("opens_at", "09:30+08:00", "09:30"),
        ("pickup", "长" * 41, "最多 40 个字"),
        ("greeting-en", "x" * 2001, "最多 2000 个字"),
        ("greeting-en", "only English", "主要语言"),
        ("notify", "perhaps", "is-invalid"),
        ("rhythm", "yearly", "is-invalid"),
    ],
)
def test_what_does_not_fit_is_told_beside_the_field(
    manager: FlaskClient, project: Project, name: str, typed: str, said: str
) -> None:
    answer = send(manager, OWN, **{name: typed})
    assert answer.status_code == 422
    assert said in answer.text
    if said != "is-invalid":
        assert typed in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "尚未保存" in answer.text
    assert db.session.scalar(sa.select(sa.func.count(PluginSetting.id))) == 0
    assert acts() == []


def test_errors_are_in_the_readers_language(manager: FlaskClient, project: Project) -> None:
    manager.set_cookie("lang", "en")
    assert "Give a whole number from 0 to 10." in send(manager, OWN, limit="99").text


def test_two_who_edit_different_fields_both_save(
    administrator: FlaskClient, manager: FlaskClient, project: Project
) -> None:
    put(project, limit=3, fee=100)
    mine, theirs = fields(manager, OWN), fields(administrator, OWN)
    assert manager.post(OWN, data={**mine, "s-limit": "4"}).status_code == 303
    assert administrator.post(OWN, data={**theirs, "s-fee": "2"}).status_code == 303
    assert (value("limit", project), value("fee", project)) == (4, 200)


@pytest.mark.parametrize("before", [None, 3])
def test_two_who_edit_one_field_see_both_values(
    administrator: FlaskClient, manager: FlaskClient, project: Project, before: int | None
) -> None:
    if before:
        put(project, limit=before)
    mine, theirs = fields(manager, OWN), fields(administrator, OWN)
    manager.post(OWN, data={**mine, "s-limit": "4"})
    answer = administrator.post(OWN, data={**theirs, "s-limit": "5", "s-fee": "9"})
    assert answer.status_code == 409
    assert "改为：4" in answer.text
    assert 'value="5"' in answer.text
    assert (value("limit", project), value("fee", project)) == (4, 1250)
    seen = re.search(r'name="seen-limit"[^>]*value="([^"]*)"', answer.text)
    assert seen is not None
    again = {**theirs, "s-limit": "5", "s-fee": "9", "seen-limit": _plain(seen[1])}
    again["idempotency_key"] = "k" * 22
    assert administrator.post(OWN, data=again).status_code == 303
    assert (value("limit", project), value("fee", project)) == (5, 900)


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "x",
        "[]",
        "[1]",
        "[1, 2]",
        "{}",
        "null",
        '["\\u0000", 4]',
        "[" * 5000,
        '["' + "v" * 22 + '", 4]',
    ],
)
def test_a_forged_version_is_a_conflict_at_most(
    manager: FlaskClient, project: Project, forged: str
) -> None:
    put(project, limit=3)
    form = {**fields(manager, OWN), "s-limit": "5", "seen-limit": forged}
    assert manager.post(OWN, data=form).status_code == 409
    assert value("limit", project) == 3


def test_pressing_twice_saves_once(manager: FlaskClient, project: Project) -> None:
    form = {**fields(manager, OWN), "s-limit": "5"}
    assert [manager.post(OWN, data=form).status_code for _ in range(2)] == [303, 303]
    assert len(acts()) == 1


def test_the_secret_is_nowhere(
    administrator: FlaskClient,
    manager: FlaskClient,
    project: Project,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    for client, path in ((administrator, CLUB), (manager, OWN)):
        page = client.get(path).text
        assert "PORTAL_PLUGIN_DIALS_KEY" in page
        assert "已设置" in page
        assert 'name="s-key"' not in page
        form = {**fields(client, path), "s-key": "mine", "s-limit": "4"}
        answers = [page, client.post(path, data=form).text, client.get(path).text]
        assert not [text for text in answers if SECRET in text or "mine" in text]
    trail = administrator.get("/centre/audit").text
    kept = [entry.facts for entry in db.session.scalars(sa.select(AuditEntry))]
    rows = [(row.key, row.value) for row in db.session.scalars(sa.select(PluginSetting))]
    assert "mine" not in json.dumps(rows)
    assert SECRET not in trail + json.dumps(kept) + caplog.text
    assert value("key") == SECRET


def test_a_secret_that_is_not_set_says_so(
    dial_app: Flask, administrator: FlaskClient, project: Project
) -> None:
    dial_app.extensions["portal.settings"].plugin_secrets.clear()
    assert "未设置" in administrator.get(CLUB).text


def test_a_club_wide_setting_is_only_shown_in_a_project(
    manager: FlaskClient, project: Project
) -> None:
    put(brand="Vanke")
    page = manager.get(OWN).text
    assert "Vanke" in page
    assert 'name="s-brand"' not in page
    manager.post(OWN, data={**fields(manager, OWN), "s-brand": "mine", "seen-brand": '["",null]'})
    assert value("brand", project) == "Vanke"


def test_what_was_kept_and_fits_no_longer_is_told_and_cleared(
    manager: FlaskClient, project: Project
) -> None:
    keep("a text of an older version", "limit", project)
    keep({"much": ["else"]}, "opens_on", project)
    page = manager.get(OWN)
    assert page.status_code == 200
    assert page.text.count("不再生效") == 2
    assert "a text of an older version" not in page.text
    assert send(manager, OWN).status_code == 303
    assert db.session.scalar(sa.select(sa.func.count(PluginSetting.id))) == 0


def test_the_page_works_and_tells_while_it_is_off_or_blocked(
    manager: FlaskClient, project: Project
) -> None:
    assert "尚未启用" in manager.get(OWN).text
    assert send(manager, OWN, limit="4").status_code == 303
    switch_on("dials", project)
    assert "尚未启用" not in manager.get(OWN).text
    service.block(actor=None, plugin="dials", reason="a leak")
    db.session.commit()
    assert "解除封停后生效" in manager.get(OWN).text
    assert send(manager, OWN, limit="5").status_code == 303


def test_switching_on_leads_to_what_is_missing(
    administrator: FlaskClient, project: Project, needs_pickup: None
) -> None:
    form = {"slug": "own", "on": "1"}
    answer = administrator.post("/centre/plugins/dials/switch", data=form)
    assert answer.location.endswith(OWN)
    page = administrator.get(answer.location).text
    assert "启用前请先填写：Pick-up point" in page
    send(administrator, OWN, pickup="Gate")
    answer = administrator.post("/centre/plugins/dials/switch", data={**form, "back": "settings"})
    assert answer.location.endswith(OWN)
    assert "已在江湾" in administrator.get(answer.location).text
    refused = send(administrator, OWN, pickup="")
    assert refused.status_code == 422
    assert "不能为空" in refused.text
    assert value("pickup", project) == "Gate"


@pytest.mark.parametrize("role", list(RoleName))
def test_who_may_set_what(dial_app: Flask, project: Project, role: str) -> None:
    client = factories.sign_in(dial_app.test_client(), factories.make_staff(role, project))
    mine = {RoleName.MANAGER, RoleName.ADMINISTRATOR}
    for path in (OWN, "/p/own/staff/plugins"):
        assert client.get(path).status_code == (200 if role in mine else 403)
    assert client.get(CLUB).status_code == 403
    assert client.post(CLUB, data={"s-limit": "4"}).status_code == 403
    if role not in mine:
        assert client.post(OWN, data={"s-limit": "4"}).status_code == 403
        assert db.session.scalar(sa.select(sa.func.count(PluginSetting.id))) == 0


def test_a_manager_of_another_project_gets_nothing(dial_app: Flask, project: Project) -> None:
    other = factories.make_project(slug="other")
    client = factories.sign_in(
        dial_app.test_client(), factories.make_staff(RoleName.MANAGER, other)
    )
    form = {**fields(client, OWN.replace("own", "other")), "s-limit": "4"}
    assert client.get(OWN).status_code == 403
    assert client.post(OWN, data=form).status_code == 403
    assert client.get("/p/nowhere/staff/plugins/dials/settings").status_code == 404
    assert db.session.scalar(sa.select(sa.func.count(PluginSetting.id))) == 0


def test_owners_and_visitors_get_nothing(dial_app: Flask, project: Project) -> None:
    owner = factories.sign_in(dial_app.test_client(), factories.make_owner(project))
    assert owner.get(OWN).status_code == 403
    assert owner.post(CLUB, data={}).status_code == 403
    assert "/login" in dial_app.test_client().get(OWN).location


@pytest.mark.parametrize("name", ["nobody", "plugins", "Dials", "dials%00"])
def test_pages_of_nobody_are_404(
    administrator: FlaskClient, manager: FlaskClient, name: str
) -> None:
    assert administrator.get(f"/centre/plugins/{name}/settings").status_code == 404
    assert manager.get(f"/p/own/staff/plugins/{name}/settings").status_code == 404
    assert manager.post(f"/p/own/staff/plugins/{name}/settings").status_code == 404


def test_the_manager_finds_the_page(manager: FlaskClient, project: Project) -> None:
    assert 'href="/p/own/staff/plugins"' in manager.get("/p/own/staff/").text
    assert f'href="{OWN}"' in manager.get("/p/own/staff/plugins").text


def test_the_pages_ask_little(
    manager: FlaskClient, administrator: FlaskClient, project: Project, query_count: Any
) -> None:
    for client, path in ((manager, OWN), (manager, "/p/own/staff/plugins"), (administrator, CLUB)):
        client.get(path)
        with query_count() as sent:
            client.get(path)
        assert len(sent) <= 8, sent.texts
