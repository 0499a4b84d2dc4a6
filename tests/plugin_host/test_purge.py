"""What cannot be taken back is asked twice, counted before, and done wholly or not at all."""

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal import create_app
from portal.audit.models import AuditEntry
from portal.config import Settings
from portal.database import removal as tables
from portal.database import revisions
from portal.extensions import db
from portal.permissions.roles import PERMISSIONS, RoleName
from portal.plugin_host import dispatch, purge, removal, service
from portal.plugin_host.cli import commands
from portal.plugin_host.models import PluginFault, PluginState, PluginToken
from portal.plugin_host.refs import project_ref
from portal.plugin_host.service import SwitchError
from portal.plugin_host.state import host, is_on
from portal.plugin_host.tables import forget_tables
from portal.plugin_host.tokens import issue_token
from portal.projects.models import Project
from tests import factories
from tests.conftest import IsolatedClient
from tests.plugin_host.conftest import switch_on

KEEPER = EntryPoint("keeper", "keeper_toy", "portal.plugins")
ROWS = {"keeper_note": 2}


@pytest.fixture
def unmigrated(toys: None, app: Flask, settings: Settings) -> Iterator[Flask]:
    """The application with a plugin whose tables nobody has made yet."""
    found = create_app(settings, plugins=[KEEPER])
    found.config["WTF_CSRF_ENABLED"] = False
    found.config["PLUGIN_FAULTS_ARE_KEPT"] = True
    found.test_client_class = IsolatedClient
    with found.app_context():
        engine = db.engine
        yield found
        db.session.remove()
        tables.drop_owner("keeper")
        forget_tables(name for name in list(db.metadata.tables) if name.startswith("keeper_"))
    engine.dispose()


@pytest.fixture
def keeper(unmigrated: Flask) -> Flask:
    """The application with a plugin that keeps two notes in each of two projects."""
    revisions.upgrade()
    for slug in ("own", "other"):
        project = factories.make_project(slug=slug, name=slug)
        write(project)
    return unmigrated


@pytest.fixture
def own(keeper: Flask) -> Project:
    return db.session.scalars(sa.select(Project).where(Project.slug == "own")).one()


@pytest.fixture
def mood(keeper: Flask) -> dict[str, str]:
    hooks: Any = sys.modules["keeper_toy.hooks"]
    found: dict[str, str] = hooks.MOOD
    return found


@pytest.fixture
def administrator(keeper: Flask) -> FlaskClient:
    account = factories.make_staff(RoleName.ADMINISTRATOR)
    return factories.sign_in(keeper.test_client(), account)


@pytest.fixture
def shell(keeper: Flask) -> Callable[..., str]:
    def run(*arguments: str, code: int = 0) -> str:
        db.session.commit()
        result = keeper.test_cli_runner().invoke(commands, arguments)
        db.session.expire_all()
        assert result.exit_code == code, result.output
        return result.output

    return run


def write(project: Project) -> None:
    models: Any = sys.modules["keeper_toy.models"]
    for text in ("one", "two"):
        made = db.session.execute(
            sa.insert(models.note).values(project_id=project.id, text=text)
        ).inserted_primary_key
        db.session.execute(sa.insert(models.line).values(note_id=made[0]))
    db.session.commit()


def counts() -> list[int]:
    """Return how many notes and lines there are in all."""
    names = ("keeper_note", "keeper_line")
    found = [
        db.session.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) for name in names
    ]
    db.session.rollback()
    return found


def refused(plugin: str, project: Project) -> tuple[str, list[str]]:
    with pytest.raises(SwitchError) as caught:
        purge.purge(actor=None, plugin=plugin, project=project)
    db.session.rollback()
    return caught.value.code, caught.value.names


def test_on_off_on_keeps_the_data(keeper: Flask, own: Project) -> None:
    client = keeper.test_client()
    for act, shown in ((service.enable, "one,two"), (service.disable, None)) * 2:
        act(actor=None, plugin="keeper", project=own)
        db.session.commit()
        answer = client.get("/p/own/keeper/")
        assert answer.text == shown if shown else answer.status_code == 404
    assert counts() == [4, 4]


def test_who_has_no_revision_is_told_to_write_one(
    unmigrated: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.make_project(slug="own")
    db.session.commit()
    monkeypatch.setattr(service, "lacks_migrations", lambda owner: owner == "keeper")
    said = unmigrated.test_cli_runner().invoke(commands, ["enable", "keeper", "--project", "own"])
    assert said.exit_code == 1
    assert 'portal db revision --plugin keeper "first tables"' in said.output


def test_what_is_not_migrated_is_not_switched_on(unmigrated: Flask) -> None:
    project = factories.make_project(slug="own")
    with pytest.raises(SwitchError, match="migrations"):
        service.enable(actor=None, plugin="keeper", project=project)
    db.session.rollback()
    # Not even one that was on before its tables went.
    state = switch_on("keeper", project)
    client = unmigrated.test_client()
    assert client.get("/p/own/keeper/").status_code == 404
    said = unmigrated.test_cli_runner().invoke(commands, ["enable", "keeper", "--project", "own"])
    assert "portal db upgrade" in said.output
    db.session.delete(state)
    db.session.commit()
    revisions.upgrade()
    service.enable(actor=None, plugin="keeper", project=project)
    db.session.commit()
    assert client.get("/p/own/keeper/").status_code == 200


def test_no_request_asks_twice_for_the_revisions(keeper: Flask, own: Project) -> None:
    switch_on("keeper", own)
    client, sent = keeper.test_client(), []
    client.get("/p/own/keeper/")

    def note(_c: object, _cursor: object, text: str, *_: object) -> None:
        sent.append(text)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert client.get("/p/own/keeper/").text == "one,two"
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
    assert not [text for text in sent if "alembic_version" in text or "sqlite_master" in text]
    with keeper.app_context():
        tables.drop_owner("keeper")
        with pytest.raises(SwitchError, match="migrations"):
            service.enable(actor=None, plugin="keeper", project=own)


def test_purging_deletes_one_projects_data(keeper: Flask, own: Project) -> None:
    other = db.session.scalars(sa.select(Project).where(Project.slug == "other")).one()
    member = factories.make_owner(own)
    for project in (own, other):
        issue_token(plugin="keeper", purpose="a", project=project_ref(project), expires_at=None)
    db.session.commit()
    assert purge.purge(actor=None, plugin="keeper", project=own) == ROWS
    db.session.commit()
    assert counts() == [2, 2]
    assert purge.look("keeper", other) == ROWS
    revoked = {row.project_id: row.revoked_at for row in db.session.scalars(sa.select(PluginToken))}
    assert revoked[own.id] is not None
    assert revoked[other.id] is None
    entry = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "plugin.purged")
    ).one()
    assert (entry.subject_key, entry.project_id) == ("keeper", own.id)
    assert entry.facts == {"rows": ROWS, "tokens": 1}
    assert member.id


def test_purging_again_finds_nothing(keeper: Flask, own: Project) -> None:
    for expected in (ROWS, {"keeper_note": 0}):
        assert purge.purge(actor=None, plugin="keeper", project=own) == expected
        db.session.commit()


def test_what_is_on_is_not_purged(keeper: Flask, own: Project) -> None:
    service.enable(actor=None, plugin="keeper", project=own)
    db.session.commit()
    assert refused("keeper", own) == ("on", ["own"])
    service.block(actor=None, plugin="keeper", reason="x")
    db.session.commit()
    # Blocked, but remembered as on.
    assert refused("keeper", own) == ("on", ["own"])
    assert counts() == [4, 4]


def test_who_switches_on_meanwhile_wins(keeper: Flask, own: Project) -> None:
    service.lock_state("keeper", own)
    db.session.execute(sa.update(PluginState).values(enabled=True))
    assert refused("keeper", own)[0] == "on"


@pytest.mark.parametrize("wrong", ["raises", "exits", "breaks", "rolls back", "tells"])
def test_a_plugin_that_fails_deletes_nothing(
    keeper: Flask, own: Project, mood: dict[str, str], wrong: str
) -> None:
    mood["purge"] = wrong
    db.session.commit()
    with keeper.app_context():
        code, names = refused("keeper", db.session.get_one(Project, own.id))
    assert (code, len(names)) == ("failed", 1)
    assert counts() == [4, 4]
    fault = db.session.scalars(sa.select(PluginFault)).one()
    assert (fault.plugin, fault.hook) == ("keeper", "purge_project_data")


def test_a_plugin_that_leaves_rows_deletes_nothing(
    keeper: Flask, own: Project, mood: dict[str, str]
) -> None:
    mood["purge"] = "forgets"
    assert refused("keeper", own) == ("left", ["keeper_note"])
    assert counts() == [4, 4]


def test_a_plugin_without_the_hook_is_refused(keeper: Flask, own: Project) -> None:
    (implementation,) = dispatch.implementations(purge.HOOK, "keeper")
    host().manager.hook.purge_project_data._remove_plugin(implementation.plugin)
    assert refused("keeper", own) == ("no_purge", [])
    assert refused("nobody", own) == ("unknown", [])
    assert counts() == [4, 4]


def test_the_shell_asks_twice(keeper: Flask, own: Project, shell: Callable[..., str]) -> None:
    purging = "purge", "keeper", "--project", "own"
    assert "Nothing was deleted" in shell(*purging, "--yes", "other", code=1)
    assert counts() == [4, 4]
    said = shell(*purging, "--yes", "own")
    assert "2  keeper_note" in said
    assert "2 rows deleted" in said
    assert counts() == [2, 2]
    shell("enable", "keeper", "--project", "own")
    refused = shell(*purging, "--yes", "own", code=1)
    assert "portal plugin disable keeper --project SLUG" in refused
    assert "no project" in shell("purge", "keeper", "--project", "nowhere", code=1)
    assert "No plugin" in shell("purge", "nobody", "--project", "own", code=1)


def test_every_project_is_on_one_of_the_pages(
    administrator: FlaskClient, own: Project, query_count: Any
) -> None:
    for number in range(22):
        factories.make_project(slug=f"place-{number:02}", name=f"place {number:02}")
    db.session.commit()
    page = "/centre/plugins/keeper/purge"
    with query_count() as sent:
        first = administrator.get(page).text
    # PostgreSQL is asked once more which of the plugin's tables are there.
    assert len(sent) <= 9
    [link] = [part for part in first.split('"') if "cursor=" in part]
    second = administrator.get(link.replace("&amp;", "&")).text
    slugs = {"own", "other", *(f"place-{number:02}" for number in range(22))}
    shown = [{slug for slug in slugs if f'project={slug}"' in text} for text in (first, second)]
    assert shown[0] | shown[1] == slugs
    assert not shown[0] & shown[1]


def test_the_page_asks_twice(administrator: FlaskClient, own: Project) -> None:
    page = "/centre/plugins/keeper/purge"
    assert 'project=own"' in administrator.get(page).text
    assert "keeper_note" in administrator.get(f"{page}?project=own").text
    for typed in ("", "other", "OWN"):
        answer = administrator.post(page, data={"project": "own", "typed": typed})
        assert answer.status_code == 422
        assert f'value="{typed}"' in answer.text
    assert counts() == [4, 4]
    answer = administrator.post(page, data={"project": "own", "typed": "own"})
    assert answer.status_code == 303
    assert counts() == [2, 2]
    for wrong in (f"{page}?project=nowhere", "/centre/plugins/nobody/purge"):
        assert administrator.get(wrong).status_code == 404
    assert administrator.post(page, data={"project": "nowhere"}).status_code == 404


def test_the_page_says_why_not(
    administrator: FlaskClient, own: Project, mood: dict[str, str]
) -> None:
    page = "/centre/plugins/keeper/purge"
    mood["purge"] = "raises"
    answer = administrator.post(
        page, data={"project": "own", "typed": "own"}, headers={"X-Request-ID": "reference-123"}
    )
    assert "reference-123" in administrator.get(answer.location).text
    assert counts() == [4, 4]
    switch_on("keeper", own)
    shown = administrator.get(f"{page}?project=own").text
    assert 'name="typed"' not in shown
    assert 'project=own"' not in administrator.get(page).text
    administrator.post(page, data={"project": "own", "typed": "own"})
    assert counts() == [4, 4]


def test_the_page_removes_after_the_name_is_typed(
    administrator: FlaskClient, own: Project, keeper: Flask
) -> None:
    page = "/centre/plugins/keeper/remove"
    shown = administrator.get(page).text
    assert all(name in shown for name in ("keeper_note", "keeper_line", "keeper_word"))
    state = switch_on("keeper", own)
    assert 'name="typed"' not in administrator.get(page).text
    administrator.post(page, data={"typed": "keeper"})
    assert counts() == [4, 4]
    db.session.delete(state)
    issue_token(plugin="keeper", purpose="a", project=project_ref(own), expires_at=None)
    assert administrator.post(page, data={"typed": "own"}).status_code == 422
    assert counts() == [4, 4]
    answer = administrator.post(page, data={"typed": "keeper"})
    assert answer.status_code == 303
    assert removal.look("keeper").tables == []
    assert db.session.scalars(sa.select(PluginToken)).all() == []
    entry = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "plugin.removed")
    ).one()
    assert entry.facts["rows"] == {"keeper_line": 4, "keeper_note": 4, "keeper_word": 0}
    for core in ("core", "member", "nobody"):
        for answer in (
            administrator.get(f"/centre/plugins/{core}/remove"),
            administrator.post(f"/centre/plugins/{core}/remove", data={"typed": core}),
        ):
            assert answer.status_code == 404


def test_only_who_may_purge_sees_it(keeper: Flask, own: Project) -> None:
    assert PERMISSIONS["plugins.purge"].roles == {RoleName.ADMINISTRATOR}
    centre = factories.sign_in(keeper.test_client(), factories.make_staff(RoleName.CENTRE))
    for path in ("purge", "remove"):
        address = f"/centre/plugins/keeper/{path}"
        assert centre.get(address).status_code == 403
        form = {"project": "own", "typed": "own"}
        assert centre.post(address, data=form).status_code == 403
        assert "/login" in keeper.test_client().post(address, data=form).location
    assert counts() == [4, 4]
    assert not is_on("keeper", own.id)
