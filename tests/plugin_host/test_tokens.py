"""Links that a plugin gives away: what they open, when they end, and what nobody learns."""

import io
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal import clock, create_app
from portal.accounts.models import AccountState
from portal.audit.models import AuditEntry
from portal.config import Settings
from portal.crypto import token_hash
from portal.extensions import db, limiter
from portal.idempotency.models import IdempotencyKey
from portal.members.models import Member
from portal.permissions.roles import RoleName
from portal.plugin_host.models import PluginBlock, PluginState, PluginToken
from portal.plugin_host.refs import member_ref, project_ref
from portal.plugin_host.tokens import issue_token, revoke_tokens
from portal.projects.models import Ownership, Project
from tests import factories
from tests.conftest import IsolatedClient
from tests.plugin_host.conftest import NOTES, switch_on

KEY = "a-key-of-a-form-1234"


@pytest.fixture
def project(host_app: Flask) -> Project:
    found = factories.make_project(slug="own", name="江湾")
    switch_on("notes", found)
    return found


@pytest.fixture
def member(project: Project) -> Member:
    return factories.make_owner(project, name="林晓芸")


@pytest.fixture
def visitor(host_app: Flask) -> FlaskClient:
    return host_app.test_client()


def issue(**facts: object) -> str:
    """Issue a token; return the path of its link."""
    values = {"plugin": "notes", "purpose": "invite", "expires_at": None, **facts}
    address = issue_token(**values)  # type: ignore[arg-type]
    db.session.commit()
    assert address.startswith("http://localhost/t/")
    return address.removeprefix("http://localhost")


def for_project(project: Project, **facts: object) -> str:
    return issue(project=project_ref(project), **facts)


def for_member(member: Member, **facts: object) -> str:
    return issue(member=member_ref(member), **facts)


def shown(answer: object) -> str:
    """Return a page without what differs between any two."""
    return re.sub(r'nonce="[^"]+"|[0-9a-f]{16}|\?v=\w+', "", answer.text)  # type: ignore[attr-defined]


def test_a_link_opens_for_its_project(visitor: FlaskClient, project: Project) -> None:
    path = for_project(project, subject="wall-7")
    assert visitor.get(path).text == "invite wall-7 of own"


def test_a_link_opens_for_its_member(visitor: FlaskClient, member: Member) -> None:
    assert visitor.get(for_member(member)).text == "invite  of 林晓芸"


def test_only_the_hash_is_kept(visitor: FlaskClient, project: Project) -> None:
    secret = for_project(project).rpartition("/")[2]
    row = db.session.scalars(sa.select(PluginToken)).one()
    assert row.token_hash == token_hash(secret)
    assert len(secret) >= 32
    kept = [value for value in vars(row).values() if isinstance(value, str)]
    assert not any(secret in value for value in kept)


def test_whatever_is_wrong_the_page_is_the_same(
    visitor: FlaskClient, project: Project, member: Member
) -> None:
    off = factories.make_project(slug="off")
    switch_on("hostile", project)
    revoked, closed = for_project(project, subject="away"), for_member(member)
    assert revoke_tokens(plugin="notes", subject="away") == 1
    used = for_project(project, single_use=True)
    visitor.post(f"{used}/sign", data={"name": "x"})
    stranger = factories.make_member(name="客")
    ended = factories.make_owner(project)
    cases = {
        "unknown": "/t/notes/" + "x" * 32,
        "malformed": "/t/notes/%E4%BD%A0" + "y" * 3000,
        "ended": for_project(project, expires_at=clock.now() - timedelta(seconds=1)),
        "revoked": revoked,
        "used": used,
        "another plugin's": issue(plugin="hostile", project=project_ref(project)).replace(
            "hostile", "notes"
        ),
        "off in its project": for_project(off),
        "off in the member's projects": for_member(factories.make_owner(off)),
        "a member without projects": for_member(stranger),
        "a member of a closed account": for_member(ended),
    }
    account = ended.account_id
    db.session.execute(
        sa.text("UPDATE account SET state = :state WHERE id = :id"),
        {"state": AccountState.CLOSED, "id": account},
    )
    answers = {name: visitor.get(path) for name, path in cases.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(
        cases, 404
    )
    assert len({shown(answer) for answer in answers.values()}) == 1
    assert "notes" not in answers["unknown"].text.replace("/t/notes", "")
    assert visitor.get(closed).status_code == 200


def test_the_unknown_costs_what_the_ended_costs(
    visitor: FlaskClient, project: Project, query_count
) -> None:
    ended = for_project(project, expires_at=clock.now() - timedelta(days=1))
    sent = []
    for path in ("/t/notes/" + "x" * 32, ended):
        texts: list[str] = []

        def note(_c: object, _cursor: object, text: str, *_: object, to: list = texts) -> None:
            to.append(text)

        sa.event.listen(db.engine, "before_cursor_execute", note)
        visitor.get(path)
        sa.event.remove(db.engine, "before_cursor_execute", note)
        sent.append(texts)
    assert sent[0] == sent[1]
    assert len([text for text in sent[0] if "plugin_token" in text]) == 1


def test_off_blocked_and_on_again(visitor: FlaskClient, project: Project, member: Member) -> None:
    paths = [for_project(project), for_member(member)]

    def answers() -> list[int]:
        return [visitor.get(path).status_code for path in paths]

    assert answers() == [200, 200]
    state = db.session.scalars(sa.select(PluginState)).one()
    state.enabled = False
    assert answers() == [404, 404]
    state.enabled = True
    assert answers() == [200, 200]
    block = factories.add(PluginBlock(plugin="notes", reason="a leak"))
    assert answers() == [404, 404]
    db.session.delete(block)
    assert answers() == [200, 200]


def test_a_members_link_follows_the_members_projects(
    visitor: FlaskClient, project: Project, member: Member
) -> None:
    path = for_member(member)
    other = factories.make_project(slug="other")
    home = db.session.scalars(sa.select(Ownership).where(Ownership.member_id == member.id)).one()
    factories.make_ownership(member, factories.make_unit(other))
    home.until, home.end_reason = clock.now().date(), "sale"
    assert visitor.get(path).status_code == 404
    switch_on("notes", other)
    assert visitor.get(path).status_code == 200


def test_it_ends_to_the_second(visitor: FlaskClient, project: Project, monkeypatch) -> None:
    end = clock.now() + timedelta(hours=1)
    path = for_project(project, expires_at=end)
    for moment, status in ((end - timedelta(seconds=1), 200), (end, 404)):
        monkeypatch.setattr("portal.clock.now", lambda moment=moment: moment)
        assert visitor.get(path).status_code == status


def test_a_link_for_one_use(visitor: FlaskClient, project: Project) -> None:
    path = for_project(project, single_use=True)
    assert visitor.get(path).status_code == 200
    assert visitor.post(f"{path}/sign").status_code == 422
    assert visitor.get(path).status_code == 200
    assert visitor.post(f"{path}/sign", data={"name": "x"}).status_code == 303
    for answer in (visitor.get(path), visitor.post(f"{path}/sign", data={"name": "y"})):
        assert answer.status_code == 404
    assert _signed() == 1


def test_a_form_sent_twice_acts_once_and_hides_the_token(
    visitor: FlaskClient, project: Project
) -> None:
    path = for_project(project, single_use=True)
    data = {"name": "x", "idempotency_key": KEY}
    answers = [visitor.post(f"{path}/sign", data=data) for _ in range(2)]
    assert [answer.location for answer in answers] == [path, path]
    assert _signed() == 1
    kept = db.session.scalars(sa.select(IdempotencyKey)).one()
    assert path.rpartition("/")[2] not in (kept.location or "")


def test_two_at_once_use_it_once(host_app: Flask, visitor: FlaskClient, project: Project) -> None:
    """The second finds the token unused, and used when it writes."""
    path = for_project(project, single_use=True)
    row = db.session.scalars(sa.select(PluginToken)).one()
    used = sa.update(PluginToken).values(used_at=clock.now()).where(PluginToken.id == row.id)

    def first(session: object, transaction: object, connection: sa.Connection) -> None:
        from portal.extensions import read_only

        if not read_only.get():
            connection.execute(used)

    sa.event.listen(db.session, "after_begin", first)
    try:
        assert visitor.post(f"{path}/sign", data={"name": "x"}).status_code == 404
    finally:
        sa.event.remove(db.session, "after_begin", first)
    assert _signed() == 0


def test_the_permission_is_asked_in_the_project_of_the_token(
    host_app: Flask, visitor: FlaskClient, project: Project
) -> None:
    path = for_project(project) + "/desk"
    other = factories.make_project(slug="other")
    assert "/login" in visitor.get(path).location
    for place, status in ((project, 200), (other, 403)):
        staff = factories.make_staff(RoleName.STAFF, place)
        client = factories.sign_in(host_app.test_client(), staff)
        assert client.get(path).status_code == status
    assert "/t/notes/" + "x" * 32 not in (visitor.get("/t/notes/" + "x" * 32).location or "")


def test_no_referrer_and_no_search_engine(visitor: FlaskClient, project: Project) -> None:
    for path in (for_project(project), "/t/notes/" + "x" * 32, "/t/notes/x/nowhere"):
        headers = visitor.get(path).headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex"
        assert "no-store" in headers["Cache-Control"]
    assert visitor.get("/projects").headers["Referrer-Policy"] == "same-origin"


@pytest.fixture
def log(host_app: Flask) -> Iterator[io.StringIO]:
    logger = logging.getLogger("portal")
    level, stream = logger.level, io.StringIO()
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    logger.setLevel("DEBUG")
    yield stream
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_no_token_is_logged(log: io.StringIO, visitor: FlaskClient, project: Project) -> None:
    path = for_project(project)
    secret = path.rpartition("/")[2]
    for below in ("", "/sign", "/desk", "/nowhere", "/"):
        visitor.get(path + below)
    visitor.post(path + "/sign", data={"name": "x"})
    visitor.get(f"/t/nobody/{secret}")
    assert "/t/notes/***" in log.getvalue()
    assert secret not in log.getvalue()


def test_guesses_are_slowed_down(toys: None, app: Flask, settings: Settings) -> None:
    place, elsewhere = {"REMOTE_ADDR": "198.51.100.7"}, {"REMOTE_ADDR": "198.51.101.7"}
    log = logging.getLogger("portal")
    kept = log.handlers, log.level, log.propagate
    limited = create_app(replace(settings, testing=False), plugins=[NOTES])
    limited.test_client_class = IsolatedClient
    try:
        with limited.app_context():
            project = factories.make_project(slug="own")
            switch_on("notes", project)
            client, path = limited.test_client(), for_project(project)
            for number in range(40):
                assert client.get(path, environ_base=place).status_code == 200
                guess = client.get(f"/t/notes/{number:032d}", environ_base=place)
                assert guess.status_code == 404
            assert client.get("/t/notes/" + "x" * 32, environ_base=place).status_code == 429
            assert client.get(path, environ_base=place).status_code == 429
            assert client.get(path, environ_base=elsewhere).status_code == 200
    finally:
        limiter.reset()
        limiter.enabled = False
        log.handlers, log.level, log.propagate = kept
        with limited.app_context():
            db.engine.dispose()


@pytest.mark.parametrize(
    "wrong",
    [
        {"plugin": "nobody"},
        {"purpose": "Two Words"},
        {"subject": "x" * 201},
        {"project": None},
        {"member": True},
    ],
)
def test_what_cannot_be_issued(project: Project, member: Member, wrong: dict[str, object]) -> None:
    facts = {
        "plugin": "notes",
        "purpose": "invite",
        "project": project_ref(project),
        "expires_at": None,
        **wrong,
    }
    if wrong.get("member"):
        facts["member"] = member_ref(member)
    with pytest.raises(ValueError, match=r"token|purpose"):
        issue_token(**facts)  # type: ignore[arg-type]


def test_revoking_takes_what_fits_everything(project: Project, member: Member) -> None:
    for_project(project, subject="a")
    for_project(project, subject="b", purpose="feed")
    for_member(member, subject="a")
    switch_on("hostile", project)
    issue(plugin="hostile", project=project_ref(project), subject="a")
    assert revoke_tokens(plugin="notes", subject="a", member=member_ref(member)) == 1
    assert revoke_tokens(plugin="notes", purpose="feed", project=project_ref(project)) == 1
    assert revoke_tokens(plugin="notes") == 1
    assert revoke_tokens(plugin="notes") == 0


def test_a_token_of_nobody_is_refused_by_the_database(project: Project, member: Member) -> None:
    both = {"project_id": project.id, "member_id": member.id}
    for whose in ({}, both):
        row = PluginToken(plugin="notes", token_hash=b"x" * 32, purpose="a", **whose)
        with pytest.raises(sa.exc.IntegrityError):
            factories.add(row)
        db.session.rollback()


def _signed() -> int:
    signed = sa.select(sa.func.count(AuditEntry.id)).where(AuditEntry.action == "notes.signed")
    return db.session.scalar(signed) or 0
