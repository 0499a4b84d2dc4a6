"""Every way into a plugin, in one table: off is closed, on is open, blocked and broken are closed.

The names of the ways come from the code: the forms of addresses, the hooks, the functions of the
SDK that give something away. A new one fails here until it has its place. To give it one:

* write `@way("hook:my_hook")` over a function that gets the `World`, tries the way as a person
  or program would, and returns whether the plugin answered; five tests then run by themselves: off,
  on, on in another project only, blocked, and in quarantine;
* `@way("…", open_when={…})` when it is open in other states than `on`, with the reason beside it;
* or, when another file tries it in all of these states already, name its test in `ELSEWHERE`;
* or say in `NO_WAY` why it opens nothing by itself.
"""

import dataclasses
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, g
from flask.ctx import AppContext
from flask.testing import FlaskClient

from portal import create_app, sdk
from portal.accounts.models import Account, OneTimeCode
from portal.config import Settings
from portal.crypto import token_hash
from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.pictures import Picture
from portal.files.service import store_picture
from portal.members.models import Member
from portal.permissions.roles import RoleName
from portal.plugin_host import dispatch, loader, service
from portal.plugin_host.addresses import API_TOO, FORMS, AddressError
from portal.plugin_host.hookspecs import RETURNS
from portal.plugin_host.models import PluginBlock, PluginToken
from portal.plugin_host.refs import member_ref, project_ref
from portal.projects.models import Project
from tests import factories
from tests.conftest import IsolatedClient
from tests.plugin_host.conftest import HOSTILE, NOTES, switch_on

ROOT = Path(__file__).parents[2]
STATES = ("off", "on", "elsewhere", "blocked", "broken")
SECRET = "s" * 32
GIVING = re.compile(r"(issue|index|enqueue|emit|give|send|post|notify|store)(_\w+)?")
"""How functions of the SDK are called that give something away, which is opened later."""


@dataclasses.dataclass
class World:
    """A project, an owner and staff of it, and the plugin `notes` in one of the states."""

    app: Flask
    own: Project
    other: Project
    member: Member

    def owner(self) -> FlaskClient:
        return factories.sign_in(self.app.test_client(), self.member)

    def staff(self) -> FlaskClient:
        account = factories.make_staff(RoleName.STAFF, self.own)
        return factories.sign_in(self.app.test_client(), account)

    def administrator(self) -> FlaskClient:
        account = factories.make_staff(RoleName.ADMINISTRATOR)
        return factories.sign_in(self.app.test_client(), account)

    def program(self) -> dict[str, str]:
        """Return the headers of a program that acts for the owner."""
        account = db.session.get_one(Account, self.member.account_id)
        return {"Authorization": f"Bearer {factories.make_token(account)}"}

    def called(self, path: str) -> bool:
        answer = self.app.test_client().get(path, headers=self.program())
        assert answer.status_code in (200, 404), answer.text
        return answer.text == "notes are open"


Way = Callable[[World], bool]
WAYS: dict[str, tuple[Way, frozenset[str]]] = {}


def way(name: str, *, open_when: frozenset[str] = frozenset({"on"})) -> Callable[[Way], Way]:
    """Put a function into the table."""

    def keep(function: Way) -> Way:
        assert name not in WAYS, f"{name} is there twice"
        WAYS[name] = function, open_when
        return function

    return keep


ELSEWHERE = {
    "hook:register_jobs": "test_afterwards.py::test_a_job_runs_where_the_plugin_is_on",
    "sdk:enqueue": "test_afterwards.py::test_a_switch_between_asking_and_starting_counts",
    "hook:register_events": "test_afterwards.py::test_plugins_hear_of_each_other",
    "sdk:emit": "test_afterwards.py::test_plugins_hear_of_each_other",
    "hook:on_domain_event": "test_afterwards.py::test_events_reach_the_plugin_where_it_is_on",
    "hook:on_plugin_enabled": "test_afterwards.py::test_a_plugin_hears_of_its_own_switches_only",
    "hook:on_plugin_disabled": "test_afterwards.py::test_a_plugin_hears_of_its_own_switches_only",
    "hook:on_member_joined": "test_afterwards.py::test_a_new_member_is_told_with_their_projects",
    "hook:check_points_posting": "test_points.py::test_a_plugin_may_object_where_it_is_on",
    "hook:register_point_sources": "test_facts.py::test_facts_are_recorded_where_the_plugin_is_on",
    "hook:search_documents": "test_search.py::test_a_rebuilt_index_has_what_the_plugin_tells",
    "hook:describe_hits": "test_search.py::test_hits_of_a_plugin_come_and_go_with_it",
    "sdk:index_document": "test_search.py::test_on_elsewhere_is_not_on_here",
    "hook:demo_data": "test_demo.py::test_plugins_are_on_and_filled_the_same_for_a_seed",
    "hook:purge_project_data": "test_purge.py::test_what_is_on_is_not_purged",
}
NO_WAY = {
    "hook:register_blueprints": "data at boot: the forms of addresses are the ways",
    "hook:register_senders": "data at boot: a sender has no project; the settings name it",
    "hook:register_settings": "data at boot: the settings of a plugin that is off are kept, too",
    "hook:export_member_data": "what is kept of a member is told by every installed plugin",
    "hook:erase_member_data": "what is kept of a member is erased by every installed plugin",
    "hook:check_member_removal": "what is kept of a member is asked of every installed plugin",
}


@way("address:project")
def owner_page(world: World) -> bool:
    return world.owner().get("/p/own/notes/").text == "wall of own"


@way("address:staff")
def staff_page(world: World) -> bool:
    return world.staff().get("/p/own/staff/notes/").text == "desk"


@way("address:api")
def api_address(world: World) -> bool:
    return world.called("/api/v1/p/own/notes/")


@way("address:me")
def page_of_ones_own(world: World) -> bool:
    return world.owner().get("/me/notes/").status_code == 200


@way("address:me:api")
def api_of_ones_own(world: World) -> bool:
    return world.called("/api/v1/me/notes/")


@way("address:centre")
def centre_page(world: World) -> bool:
    return world.staff().get("/centre/notes/").text == "notes are open"


@way("address:centre:api")
def api_of_the_centre(world: World) -> bool:
    return world.called("/api/v1/centre/notes/")


@way("address:token")
def link_of_a_project(world: World) -> bool:
    return _link(world, project_id=world.own.id)


@way("address:token:member")
def link_of_a_member(world: World) -> bool:
    return _link(world, member_id=world.member.id)


@way("sdk:issue_token")
def issued_link(world: World) -> bool:
    try:
        address = sdk.issue_token(
            plugin="notes", purpose="a", member=member_ref(world.member), expires_at=None
        )
    except ValueError:
        return False  # Not loaded: it has nobody to issue one.
    path = address.removeprefix("http://localhost")
    return world.app.test_client().get(path).status_code == 200


# By design: static files hold nothing of anybody, and a page may be in a browser's cache.
@way("static", open_when=frozenset(STATES) - {"broken"})
def static_file(world: World) -> bool:
    with world.app.test_client().get("/static/plugins/notes/notes.css") as answer:
        return answer.status_code == 200


@way("hook:nav_items")
def link_in_the_sidebar(world: World) -> bool:
    return ">Notes</" in re.sub(r"\s+", "", _sidebar(world.staff()))


@way("hook:staff_widgets")
def figure_on_the_desk(world: World) -> bool:
    page = world.staff().get("/p/own/staff/").text
    return "waiting" in page.replace(_sidebar(world.staff()), "")


@way("hook:member_home")
def card_of_the_home(world: World) -> bool:
    return "notes of own" in world.owner().get("/p/own/").text


@way("hook:member_home:todo")
def todo_of_the_home(world: World) -> bool:
    return "A note to read" in world.owner().get("/p/own/").text


@way("hook:member_tabs")
def tab_of_the_owner(world: World) -> bool:
    return "Wall of notes" in world.owner().get("/p/own/").text


@way("hook:member_profile_sections")
def section_of_a_member(world: World) -> bool:
    page = world.staff().get(f"/p/own/staff/members/{world.member.public_id}").text
    return f"notes by {world.member.name}" in page


@way("hook:check_plugin_enable")
def objection(world: World) -> bool:
    asked = dispatch.check(
        "check_plugin_enable",
        project=dataclasses.replace(project_ref(world.own), slug="painted"),
        plugin="hostile",
    )
    return asked == ["the wall is painted"]


@way("sdk:notify")
def message_to_the_owner(world: World) -> bool:
    try:
        told = sdk.notify(
            members=[member_ref(world.member)], kind="notes.written", cause=secrets.token_hex(8),
            project=project_ref(world.own), values={"name": "林"},
        )  # fmt: skip
    except ValueError:
        return False  # Not loaded: it has no words.
    db.session.commit()
    return told == 1


@way("sdk:send_code")
def code_to_a_number(world: World) -> bool:
    db.session.execute(sa.delete(OneTimeCode))
    with world.app.test_request_context():
        try:
            sent = sdk.send_code(
                plugin="notes", purpose="a", phone="+8613912345678", project=project_ref(world.own)
            )
        except ValueError:
            return False  # Not loaded: it has nobody to send one.
        db.session.commit()
    return sent


@way("hook:may_read_file")
def file_of_the_plugin(world: World) -> bool:
    there = db.session.scalar(sa.select(StoredFile))
    file = there or _stored(world, "notes.note")
    answer = world.staff().get(f"/files/{file.public_id}", buffered=True)
    assert answer.status_code in (200, 404), answer.text
    return answer.status_code == 200


@way("sdk:store_picture")
def picture_for_everybody(world: World) -> bool:
    picture = Picture(factories.picture_bytes(), 40, 40, "a.png")
    try:
        file = sdk.store_picture(
            kind="notes.poster", key="a", picture=picture, project=project_ref(world.own)
        )
    except ValueError:
        return False  # Not loaded: there is nobody to keep it for.
    db.session.commit()
    return world.app.test_client().get(file.url, buffered=True).status_code == 200


# The club's words are written before a plugin is switched on, like roles and settings.
@way("hook:register_notifications", open_when=frozenset(STATES) - {"broken"})
def words_of_the_club(world: World) -> bool:
    return "notes.written" in world.administrator().get("/centre/notifications").text


@way("hook:register_audit_words")
def link_in_the_audit_trail(world: World) -> bool:
    sdk.record(
        actor=None, action="notes.signed", subject=("notes_note", "n1"), project_id=world.own.id
    )
    db.session.commit()
    return "/p/own/staff/notes/n1" in world.administrator().get("/p/own/staff/audit").text


# Roles are given before a plugin is switched on: its permissions are there as soon as it is loaded.
@way("hook:register_permissions", open_when=frozenset(STATES) - {"broken"})
def permission_among_the_roles(world: World) -> bool:
    return "Manage notes" in world.administrator().get("/centre/roles/matrix").text


@pytest.fixture
def make(
    toys: None, app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], World]]:
    """Make the world with the plugin in a state."""
    contexts: list[AppContext] = []

    def world(state: str) -> World:
        if state == "broken":
            _break(monkeypatch)
        found = create_app(dataclasses.replace(settings), plugins=[NOTES, HOSTILE])
        assert ("notes" in found.extensions["portal.plugins"].loaded) == (state != "broken")
        found.config["WTF_CSRF_ENABLED"] = False
        found.test_client_class = IsolatedClient
        contexts.append(found.app_context())
        contexts[-1].push()
        own, other = factories.make_project(slug="own"), factories.make_project(slug="other")
        if state != "off":
            switch_on("notes", other if state == "elsewhere" else own)
        if state == "blocked":
            factories.add(PluginBlock(plugin="notes", reason="a leak"))
        return World(found, own, other, factories.make_owner(own, name="林晓芸"))

    yield world
    for context in contexts:
        engine = db.engine
        context.pop()
        engine.dispose()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", sorted(WAYS))
def test_it_is_open_where_it_is_on_and_closed_elsewhere(
    make: Callable[[str], World], name: str, state: str
) -> None:
    function, open_when = WAYS[name]
    assert function(make(state)) == (state in open_when)


@pytest.mark.parametrize("name", sorted(WAYS))
def test_a_switch_counts_at_the_next_try(make: Callable[[str], World], name: str) -> None:
    function, open_when = WAYS[name]
    world = make("off")
    for act, state in ((service.enable, "on"), (service.disable, "off"), (service.enable, "on")):
        act(actor=None, plugin="notes", project=world.own)
        db.session.commit()
        # The test itself is one long request.
        g.pop("plugins_enabled", None)
        assert function(world) == (state in open_when)


def test_every_way_has_its_place() -> None:
    there = {f"address:{form}" for form in FORMS}
    there |= {f"address:{form}:api" for form in API_TOO}
    there |= {f"hook:{name}" for name in RETURNS}
    there |= {f"sdk:{name}" for name in sdk.__all__ if GIVING.fullmatch(name)}
    lacking = sorted(there - WAYS.keys() - ELSEWHERE.keys() - NO_WAY.keys())
    assert not lacking, (
        f"{', '.join(lacking)}: a new way into plugins. The head of {Path(__file__).name} says how "
        "to try it while a plugin is off, on, blocked and broken."
    )


def test_what_is_tried_elsewhere_is_there() -> None:
    for name, place in ELSEWHERE.items():
        file, _, test = place.partition("::")
        text = (ROOT / "tests" / "plugin_host" / file).read_text("utf-8")
        assert f"def {test}(" in text, f"{name}: {place} is gone"
        assert name not in WAYS


def _link(world: World, **whose: Any) -> bool:
    values = {"plugin": "notes", "purpose": "a", "token_hash": token_hash(SECRET)}
    there = db.session.scalar(sa.select(PluginToken.id))
    if there is None:
        factories.add(PluginToken(**values, **whose))
    return world.app.test_client().get(f"/t/notes/{SECRET}").status_code == 200


def _stored(world: World, kind: str) -> StoredFile:
    """Keep a picture past the SDK: a plugin that was loaded once left it."""
    picture = Picture(factories.picture_bytes(), 40, 40, "a.png")
    file = store_picture(
        actor=None, upload=picture, owner_kind=kind, owner_key="a", project_id=world.own.id
    )
    db.session.commit()
    return file


def _sidebar(client: FlaskClient) -> str:
    page = client.get("/p/own/staff/").text
    found = re.search(r"<aside.*?</aside>|<nav.*?</nav>", page, re.DOTALL)
    assert found
    return found[0]


def _break(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the plugin be refused at boot."""
    kept = loader.check_routes

    def refuse(manifest: Any, blueprints: Any) -> None:
        if manifest.name == "notes":
            raise AddressError("broken on purpose")
        kept(manifest, blueprints)

    monkeypatch.setattr(loader, "check_routes", refuse)
