"""The administrator's matrix: pages of projects, search, times, faults, blocks, the last change."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.extensions import db
from portal.permissions.roles import RoleName
from portal.plugin_host import queries, service
from portal.plugin_host.models import PluginBlock, PluginFault
from portal.plugin_host.slow import SlowHooks
from portal.plugin_host.state import host
from portal.projects.models import Project
from tests import factories
from tests.plugin_host.conftest import switch_on
from tests.plugin_host.dials import dial_app, put
from tests.plugin_host.test_settings import needs_pickup

__all__ = ["dial_app", "needs_pickup"]
MATRIX = "/centre/plugins"


@pytest.fixture
def project(dial_app: Flask) -> Project:
    return factories.make_project(slug="own", name="江湾")


@pytest.fixture
def administrator(dial_app: Flask, project: Project) -> FlaskClient:
    account = factories.make_staff(RoleName.ADMINISTRATOR, display_name="吴桐")
    return factories.sign_in(dial_app.test_client(), account)


def asked(app: Flask, search: str = "") -> queries.Matrix:
    """Return the matrix as a request of the first page gets it."""
    with app.test_request_context():
        return queries.matrix(search)


def fault(project_key: int, times: int) -> None:
    factories.add(
        PluginFault(
            plugin="dials",
            hook="member_home",
            project_key=project_key,
            reference="reference-1",
            kind="KeyError",
            traceback="x",
            times=times,
            last_at=clock.now(),
        )
    )


def test_many_projects_come_in_pages(administrator: FlaskClient, project: Project) -> None:
    """None is cut away in silence: the pages together have them all."""
    made = [factories.make_project(slug=f"more-{n}", name=f"第{n}期") for n in range(19)]
    seen: list[str] = []
    path = MATRIX
    for _ in range(3):
        page = administrator.get(path).text
        found = [each.slug for each in [project, *made] if f'value="{each.slug}"' in page]
        assert len(found) <= queries.PROJECTS_A_PAGE
        seen += found
        after = page.rpartition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
        path = after.replace("&amp;", "&")
    assert seen == ["own", *(each.slug for each in made)]


@pytest.mark.parametrize("search", ["江湾", "江", "own", "OWN", "Own"])
def test_a_project_is_found_by_its_names(
    administrator: FlaskClient, project: Project, search: str
) -> None:
    factories.make_project(slug="else", name="山居")
    page = administrator.get(MATRIX, query_string={"q": search}).text
    assert 'value="own"' in page
    assert 'value="else"' not in page


@pytest.mark.parametrize("search", ["%", "_", "\\", "'", "无", "<b>", "x" * 5000, '{"en"'])
def test_a_search_for_nothing_says_so(
    administrator: FlaskClient, project: Project, search: str
) -> None:
    answer = administrator.get(MATRIX, query_string={"q": search})
    assert answer.status_code == 200
    assert "没有符合的项目" in answer.text
    assert 'value="<b>"' not in answer.text


def test_a_switch_leads_back_to_the_same_page(administrator: FlaskClient, project: Project) -> None:
    form = {"slug": "own", "on": "1", "q": "江湾"}
    answer = administrator.post("/centre/plugins/dials/switch", data=form)
    assert administrator.get(answer.location).text.count('value="own"') == 1
    assert "q=" in answer.location


@pytest.mark.parametrize("cursor", ["x", "a.b", "%00", "9" * 9000])
def test_a_forged_page_is_refused(
    administrator: FlaskClient, project: Project, cursor: str
) -> None:
    assert administrator.get(MATRIX, query_string={"cursor": cursor}).status_code == 400


def test_times_are_told_for_each_project(
    dial_app: Flask, administrator: FlaskClient, project: Project
) -> None:
    other = factories.make_project(slug="other")
    for each in (project, other):
        switch_on("dials", each)
    owner = factories.sign_in(dial_app.test_client(), factories.make_owner(project))
    owner.get("/p/own/")
    slow: SlowHooks = dial_app.extensions["portal.slow_hooks"]
    assert slow.shares["dials", project.id].calls == 1
    assert ("dials", other.id) not in slow.shares
    slow.shares["dials", project.id].seconds = 0.0123
    page = administrator.get(MATRIX).text
    assert page.count("每次 12.3 毫秒") == 1


def test_faults_are_told_in_cell_and_row(
    dial_app: Flask, administrator: FlaskClient, project: Project
) -> None:
    other = factories.make_project(slug="other")
    fault(project.id, 3)
    fault(other.id, 4)
    fault(0, 5)
    found = asked(dial_app, "own").rows[0]
    assert found.faults_in_all == 12
    assert found.cells[project.id].faults == 3
    assert found.cells[project.id].lamp == "y"
    assert "12 " in administrator.get(MATRIX).text


def test_a_missing_value_is_told_on_or_off(
    dial_app: Flask, administrator: FlaskClient, project: Project, needs_pickup: None
) -> None:
    other = factories.make_project(slug="other")
    switch_on("dials", project)
    put(project, pickup="Gate")
    cells = asked(dial_app).rows[0].cells
    assert list(cells[project.id].lacking) == []
    assert list(cells[other.id].lacking) == ["Pick-up point"]
    page = administrator.get(MATRIX).text
    assert page.count("缺少设置") == 1
    assert 'href="/p/other/staff/plugins/dials/settings"' in page


def test_a_row_is_blocked_with_its_reason(administrator: FlaskClient, project: Project) -> None:
    form = {"on": "1", "reason": " ", "back": "matrix"}
    answer = administrator.post("/centre/plugins/dials/block", data=form)
    assert answer.location.endswith(MATRIX)
    assert 'role="alert"' in administrator.get(answer.location).text
    assert db.session.get(PluginBlock, "dials") is None
    form["reason"] = "a <leak>"
    administrator.post("/centre/plugins/dials/block", data=form)
    page = administrator.get(MATRIX).text
    assert "a &lt;leak&gt;" in page
    answer = administrator.post("/centre/plugins/dials/block", data={"on": "0", "back": "matrix"})
    assert answer.location.endswith(MATRIX)
    db.session.expire_all()
    assert db.session.get(PluginBlock, "dials") is None


def test_the_last_change_is_told(administrator: FlaskClient, project: Project) -> None:
    assert queries.last_change() is None
    administrator.post("/centre/plugins/dials/switch", data={"slug": "own", "on": "1"})
    found = queries.last_change()
    assert found is not None
    assert (found.who, found.action, found.plugin) == ("吴桐", "plugin.enabled", "dials")
    assert queries.last_change("notes") is None
    for path in (MATRIX, f"{MATRIX}/dials"):
        page = administrator.get(path).text
        assert "吴桐" in page
        assert "最近变更" in page
    service.disable(actor=None, plugin="dials", project=project)
    db.session.commit()
    assert "运维人员" in administrator.get(MATRIX).text


def test_programs_get_every_project(administrator: FlaskClient, project: Project) -> None:
    for number in range(queries.PROJECTS_A_PAGE + 3):
        switch_on("dials", factories.make_project(slug=f"more-{number}"))
    (found,) = [each for each in queries.standings() if each.plugin.name == "dials"]
    assert len(found.on) == queries.PROJECTS_A_PAGE + 3
    assert (found.blocked, found.faults) == (False, 0)


def test_the_pages_ask_little(
    administrator: FlaskClient, project: Project, query_count: Any
) -> None:
    for path in (MATRIX, f"{MATRIX}/dials"):
        administrator.get(path)
        with query_count() as sent:
            assert administrator.get(path).status_code == 200
        assert len(sent) <= 8, sent.texts
    assert list(host().loaded) == ["dials"]
