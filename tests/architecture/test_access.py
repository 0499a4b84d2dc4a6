"""Every route × every kind of visitor × own and other project: the gate answers as declared.

The views are replaced by a stub here, so that what answers is the gate alone, for reads and writes
alike; that a view finds only its own project's and household's rows is tested beside this file, in
test_foreign_ids.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from werkzeug.routing import Rule

from portal.access import Access, Audience, access_of
from portal.accounts.models import Account
from portal.extensions import db
from portal.permissions.roles import PERMISSIONS, RoleName
from portal.plugin_host.state import host
from portal.projects.models import Project
from portal.web import errors
from tests import factories
from tests.plugin_host.conftest import switch_on

OPEN_ROUTES = Path(__file__).with_name("open_routes.txt")
ENTERED = "entered"
SOME = {"visitor", "owner of other", "manager of other", "administrator of the club"}
"""Visitors who ask for every route: nobody, two who belong elsewhere, one who may a lot."""


@dataclass(frozen=True)
class Visitor:
    """Somebody at the gate: which roles they hold where, and where they live."""

    name: str
    account: Account | None
    roles: frozenset[str] = frozenset()
    roles_in: Project | None = None
    is_member: bool = False
    lives_in: Project | None = None

    @property
    def sees_any(self) -> bool:
        """Tell whether they see a project: they live in it, follow it or work for it."""
        everywhere = any(self.roles & permission.roles for permission in PERMISSIONS.values())
        return self.is_member or self.roles_in is not None or everywhere

    def holds(self, permission: str, project: Project | None) -> bool:
        """Tell whether a role of theirs has the permission for the project (None: the club)."""
        in_scope = self.roles_in is None or (project is not None and self.roles_in.id == project.id)
        return in_scope and bool(self.roles & PERMISSIONS[permission].roles)


def rules_of(app: Flask) -> list[Rule]:
    """Return every route but Flask's own static one."""
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def test_every_route_declares_its_access(migrated_app: Flask) -> None:
    silent = [r.rule for r in rules_of(migrated_app) if _access(migrated_app, r) is None]
    assert silent == []


def test_every_permission_asked_for_exists(migrated_app: Flask) -> None:
    asked = {_access(migrated_app, rule).permission for rule in rules_of(migrated_app)}
    assert asked - {None} <= set(PERMISSIONS)


def test_every_permission_is_asked_for(migrated_app: Flask) -> None:
    asked = {_access(migrated_app, rule).permission for rule in rules_of(migrated_app)}
    in_code = "".join(
        file.read_text("utf-8")
        for pattern in ("portal/**/*.py", "plugins/**/*.py", "templates/**/*.html")
        for file in Path().glob(pattern)
        if file.name != "roles.py"
    )
    unused = {key for key in PERMISSIONS if key not in asked and f'"{key}"' not in in_code}
    assert unused == set()


def test_no_plain_get_writes(migrated_app: Flask) -> None:
    writing = [r.rule for r in rules_of(migrated_app) if _access(migrated_app, r).writes_on_get]
    assert writing == []


def test_the_open_routes_are_the_reviewed_ones(migrated_app: Flask) -> None:
    """A new public, signed-in or any-member route is added to open_routes.txt by hand."""
    found = sorted(
        f"{access.audience} {','.join(sorted(rule.methods - {'HEAD', 'OPTIONS'}))} {rule.rule}"
        for rule in rules_of(migrated_app)
        if (access := _access(migrated_app, rule)).audience is not Audience.PERMISSION
    )
    assert found == OPEN_ROUTES.read_text("utf-8").splitlines()


@pytest.mark.once
def test_the_gate_answers_as_declared(gate_app: Flask) -> None:
    """Ask with every visitor for a route of each kind, and with `SOME` for the others, which
    declare the same; the expected answer is worked out here again."""
    own = factories.make_project(slug="own")
    other = factories.make_project(slug="other")
    for plugin in host().loaded:
        switch_on(plugin, own)
        switch_on(plugin, other)
    everybody = list(visitors(own, other))
    assert {visitor.name for visitor in everybody} >= SOME
    patterns = {_kind(gate_app, rule): rule for rule in rules_of(gate_app)}
    wrong, asked = [], 0
    for visitor in everybody:
        client, token = gate_app.test_client(), None
        if visitor.account is not None:
            factories.sign_in(client, visitor.account)
            token = factories.make_token(visitor.account)
        rules = rules_of(gate_app) if visitor.name in SOME else patterns.values()
        for rule in rules:
            for project in [own, other] if "project" in rule.arguments else [None]:
                for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                    api = rule.rule.startswith("/api/")
                    answer = client.open(
                        _address(rule, project),
                        method=method,
                        headers={"Authorization": f"Bearer {token}"} if api and token else {},
                    )
                    expected = _expected(gate_app, rule, visitor, project)
                    asked += 1
                    if answer.status_code != expected:
                        where = project and project.slug
                        wrong.append(
                            (visitor.name, method, rule.rule, where, answer.status_code, expected)
                        )
    assert wrong == []
    assert asked > 6 * len(rules_of(gate_app))


def _kind(app: Flask, rule: Rule) -> tuple[object, ...]:
    """Return what the gate tells routes apart by."""
    plugin = host().plugin_of(rule.endpoint.rpartition(".")[0])
    api = rule.rule.startswith("/api/")
    by_token = rule.rule.startswith("/t/")
    return _access(app, rule), api, by_token, plugin, "project" in rule.arguments


def _expected(app: Flask, rule: Rule, visitor: Visitor, project: Project | None) -> int:
    if rule.rule.startswith("/t/"):
        return 404  # The gate knows no such token.
    access = _access(app, rule)
    expected = expected_answer(access, visitor, project, api=rule.rule.startswith("/api/"))
    plugin = host().plugin_of(rule.endpoint.rpartition(".")[0])
    if plugin and project is None and expected == 403 and not visitor.sees_any:
        return 404  # Nobody is told of what is on nowhere that they see.
    return expected


def test_an_unknown_project_is_not_found(gate_app: Flask) -> None:
    client = factories.sign_in(gate_app.test_client(), factories.make_staff("administrator"))
    found = [
        rule.rule
        for rule in rules_of(gate_app)
        if "project" in rule.arguments
        and "GET" in rule.methods
        and client.get(_address(rule, None)).status_code != 404
    ]
    assert found == []


def expected_answer(access: Access, visitor: Visitor, project: Project | None, *, api: bool) -> int:
    """Return the status that DESIGN's rules give."""
    if access.audience is Audience.PUBLIC:
        return 200
    if visitor.account is None:
        return 401 if api else 302
    if access.audience is Audience.SIGNED_IN:
        return 200
    if access.audience is Audience.PERMISSION:
        return 200 if visitor.holds(access.permission, project) else 403
    if not visitor.is_member:
        return 403
    if project is None or (visitor.lives_in and visitor.lives_in.id == project.id):
        return 200
    return 403 if visitor.holds("staff.desk", project) else 404


def visitors(own: Project, other: Project) -> Iterator[Visitor]:
    """Yield every kind of visitor, seen from the project `own`."""
    yield Visitor("visitor", None)
    yield Visitor("account without member", factories.make_account())
    for name, make in (("owner", factories.make_owner), ("follower", factories.make_follower)):
        for project in (own, other):
            member = make(project)
            yield Visitor(
                f"{name} of {project.slug}",
                db.session.get(Account, member.account_id),
                is_member=True,
                lives_in=project,
            )
    for role in RoleName:
        for project in (own, other, None):
            account = factories.make_staff(role, project)
            name = f"{role} of {project.slug if project else 'the club'}"
            yield Visitor(name, account, frozenset({role}), project)


@pytest.fixture
def gate_app(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application with every view replaced by one that only says that it was entered, and every
    page of an error by its status: to draw them takes longer than to judge."""
    monkeypatch.setattr(errors, "_page", lambda code, words: Response(status=code))
    views = dict(app.view_functions)
    for endpoint, view in views.items():
        if endpoint != "static":
            app.view_functions[endpoint] = _stub(access_of(view))
    yield app
    app.view_functions.update(views)


def _stub(access: Access | None) -> Any:
    def view(**_: Any) -> str:
        return ENTERED

    view.access = access  # type: ignore[attr-defined]
    return view


def _access(app: Flask, rule: Rule) -> Any:
    return access_of(app.view_functions[rule.endpoint])


def _address(rule: Rule, project: Project | None) -> str:
    values = dict.fromkeys(rule.arguments, "1")
    if "project" in values:
        values["project"] = project.slug if project else "nowhere"
    for name, converter in rule._converters.items():
        if converter.__class__.__name__ == "AnyConverter":
            values[name] = converter.to_url(next(iter(converter.items)))
    built = rule.build(values, append_unknown=False)
    assert built is not None, rule.rule
    return built[1]
