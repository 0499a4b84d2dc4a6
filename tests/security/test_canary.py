"""One known person goes everywhere, and none of what tells who they are stays behind in clear."""

import io
import json
import logging
import re
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal import clock, create_app
from portal.accounts.models import Account
from portal.accounts.queries import find_account_by_phone
from portal.club.models import LegalText
from portal.config import Settings
from portal.extensions import db, limiter
from portal.jobs import registry
from portal.jobs.registry import Job, JobRun
from portal.jobs.runner import Runner
from portal.jobs.service import enqueue
from portal.members.models import Member
from portal.messages.models import Channel
from portal.privacy import exporting
from portal.projects.models import Project
from tests import factories, services
from tests.carried import Carried, deliver

NAME, BUILDING = "欧阳卿云", "望舒阁"
MOBILE, ID_NUMBER = "13912345067", "110101199003074477"
PHONE, TYPED = f"+86{MOBILE}", "139 1234 5067"
SPOUSE, SPOUSES_MOBILE = "尉迟听澜", "13712349876"
MAIL = "qingyun.ouyang@canary.test"
NUMBERS = (MOBILE, TYPED, SPOUSES_MOBILE, ID_NUMBER)
EVERYTHING = (*NUMBERS, NAME, BUILDING, SPOUSE, MAIL, "qingyun.ouyang")
LINK = re.compile(r'(?:href|action|src|hx-get|hx-post)="([^"]*)"')
LISTS = ("binjiang/staff/members", "binjiang/staff/homes", "binjiang/staff/claims")


@dataclass
class World:
    """A portal as it is run, its log, and what it answered."""

    app: Flask
    log: io.StringIO
    sms: Carried
    mail: Carried
    home: Path
    addresses: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def ask(self, client: FlaskClient, method: str, path: str, **options: Any) -> Any:
        """Send a request; note the addresses in its answer, and the answer when it is an error."""
        answer = client.open(path, method=method, headers={"Accept-Language": "en"}, **options)
        self.addresses += [answer.location or "", *LINK.findall(answer.text)]
        if answer.status_code in (400, 404, 500):
            self.failures.append(answer.text)
        return answer

    def code(self) -> str:
        """Return the code of the newest text message."""
        deliver(self.app)
        found = re.search(r"\d{6}", self.sms.sent[-1][1])
        assert found
        return found[0]


@pytest.fixture
def world(
    app: Flask, settings: Settings, tmp_path: Path, cache: tuple[str, Any]
) -> Iterator[World]:
    """A portal outside of testing: it limits, logs everything, and shows its own error pages."""
    log, lines = logging.getLogger("portal"), io.StringIO()
    kept = log.handlers, log.level, log.propagate
    home = tmp_path / "home"
    home.mkdir()
    running = create_app(
        replace(
            settings, testing=False, redis_url=cache[0], log_level="DEBUG", log_format="json",
            home=home,
        )
    )  # fmt: skip
    running.config["WTF_CSRF_ENABLED"] = False
    running.test_client_class = app.test_client_class
    log.handlers[0].setStream(lines)  # type: ignore[attr-defined]
    try:
        with running.app_context():
            yield World(
                running, lines, Carried(running, Channel.SMS), Carried(running, Channel.MAIL), home
            )
            db.session.remove()
            db.engine.dispose()
    finally:
        limiter.reset()
        limiter.enabled = False
        log.handlers, log.level, log.propagate = kept


@pytest.fixture(scope="module")
def cache() -> Iterator[tuple[str, Any]]:
    """A Redis of this module's own: its address, and a client."""
    import redis

    with services.redis() as url:
        client = redis.Redis.from_url(url)
        yield url, client
        client.close()


def test_nothing_of_a_person_stays_behind(
    world: World, cache: tuple[str, Any], tmp_path: Path, database_url: str
) -> None:
    project = factories.make_project()
    unit = factories.make_unit(project, building=BUILDING, number="101")
    texts = [
        factories.add(
            LegalText(kind=kind, version=1, body={"zh_Hans_CN": "文"}, published_at=clock.now())
        ).id
        for kind in ("terms", "privacy")
    ]
    db.session.commit()
    member, owner = _joins(world, texts)
    factories.make_ownership(member, unit)
    factories.make_roster_entry(
        unit, db.session.get_one(Account, member.account_id), name=NAME, phone=PHONE
    )
    db.session.commit()
    _lives_there(world, owner, member, unit.public_id)
    _meets_errors(world, owner)
    _is_looked_after(world, project, member)
    _jobs_run(world)
    stranger = factories.make_owner(project, name="赵六")
    db.session.commit()

    assert not _traces(world.log.getvalue(), EVERYTHING)
    assert "job test.fail" in world.log.getvalue()
    assert [each for each in world.addresses if _traces(each, EVERYTHING)] == []
    assert len(world.failures) >= 5
    # One's own name stands above one's own pages, those of errors, too.
    typed = (*NUMBERS, BUILDING, SPOUSE, MAIL)
    assert [each for each in world.failures if _traces(each, typed)] == []
    held = [key + (cache[1].dump(key) or b"") for key in cache[1].scan_iter()]
    assert held
    assert not _traces(b"\n".join(held).decode("latin-1"), EVERYTHING)
    for file in world.home.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert not _traces(file.name + content.decode("latin-1"), EVERYTHING), file
    others = [text for each in (world.sms, world.mail) for *to, text in each.sent]
    assert not _traces("".join(others), NUMBERS)
    assert not _traces(_copy_of(stranger), EVERYTHING)
    assert MOBILE in _copy_of(member)
    db.session.commit()
    assert not _traces(_dump(database_url, tmp_path), NUMBERS)


def _joins(world: World, texts: list[int]) -> tuple[Member, FlaskClient]:
    """Sign up with a code, wrong ones and numbers in the wrong field among it."""
    client = world.app.test_client()
    for way in ({"way": "code", "phone": ID_NUMBER}, {"way": "code", "phone": NAME}):
        assert world.ask(client, "POST", "/login", data={**way, "act": "send"}).status_code == 422
    asked = {"way": "code", "phone": TYPED}
    assert world.ask(client, "POST", "/login", data={**asked, "act": "send"}).status_code == 303
    world.ask(client, "POST", "/login", data={**asked, "code": "000000"})
    assert world.ask(client, "POST", "/login", data={**asked, "code": world.code()}).location
    form = {"name": NAME, "salutation": "ms", "adult": "y", "consents": texts}
    assert world.ask(client, "POST", "/join", data={**form, "adult": ""}).status_code == 422
    assert world.ask(client, "POST", "/join", data=form).status_code == 303
    stranger = world.app.test_client()
    for identity in (TYPED, MAIL, ID_NUMBER):
        guess = {"way": "password", "identity": identity, "password": ID_NUMBER}
        assert world.ask(stranger, "POST", "/login", data=guess).status_code == 422
        world.ask(stranger, "POST", "/forgot", data={"identity": identity})
    account = find_account_by_phone(PHONE)
    assert account is not None
    account.email = MAIL
    db.session.commit()
    member = db.session.scalars(sa.select(Member).where(Member.account_id == account.id)).one()
    return member, client


def _lives_there(world: World, owner: FlaskClient, member: Member, unit: str) -> None:
    """See every page of one's own, invite a spouse, and search."""
    for path in ("/", "/me/", "/me/profile", "/me/household", "/me/security", "/me/sign-ins",
                 "/me/privacy", "/p/binjiang/", "/me/notifications"):  # fmt: skip
        assert world.ask(owner, "GET", path, follow_redirects=True).status_code == 200, path
    wish = {"name": SPOUSE, "phone": SPOUSES_MOBILE, "role": "spouse"}
    invited = world.ask(owner, "POST", f"/me/homes/{unit}/invite", data=wish)
    assert invited.status_code in (200, 303)
    person = {"name": SPOUSE, "relation": "parent"}
    assert world.ask(owner, "POST", "/me/household/persons/new", data=person).status_code == 303
    for words in (NAME, MOBILE, ID_NUMBER, MAIL):
        assert owner.get(f"/p/binjiang/search?q={quote(words)}").status_code == 200
    token = {"Authorization": f"Bearer {factories.make_token(member)}"}
    assert world.app.test_client().get("/api/v1/me", headers=token).status_code == 200


def _meets_errors(world: World, owner: FlaskClient) -> None:
    """Get every kind of error page, with what tells who somebody is in all that is sent."""
    typed = {"name": NAME, "phone": MOBILE, "mail": MAIL, "id": ID_NUMBER, "where": BUILDING}
    known = {"csrf_token": "x", **typed}
    world.app.config["WTF_CSRF_ENABLED"] = True
    assert world.ask(owner, "POST", "/me/profile", data=known).status_code == 400
    world.app.config["WTF_CSRF_ENABLED"] = False
    for address in (
        f"/nowhere/{NAME}/{MOBILE}",
        f"/p/nowhere/?q={NAME}",
        f"/files/x?id={ID_NUMBER}",
    ):
        assert world.ask(owner, "GET", address).status_code == 404
    refused = world.ask(owner, "POST", "/api/v1/join", json=typed)
    assert refused.status_code == 422
    assert not _traces(refused.text, EVERYTHING)
    view = world.app.view_functions["healthz"]

    @wraps(view)
    def fail() -> None:
        raise ValueError(f"cannot read {MOBILE!r}, {TYPED}, {PHONE}, {ID_NUMBER} of <{MAIL}>")

    world.app.view_functions["healthz"] = fail
    try:
        assert world.ask(owner, "GET", "/healthz", data=typed).status_code == 500
    finally:
        world.app.view_functions["healthz"] = view
    taken = factories.make_account(email="other@canary.test")
    db.session.commit()
    with pytest.raises(sa.exc.IntegrityError) as twice:
        db.session.execute(sa.update(type(taken)).where(type(taken).id == taken.id).values(
            email=MAIL))  # fmt: skip
    db.session.rollback()
    assert not _traces(str(twice.value), EVERYTHING)


def _is_looked_after(world: World, project: Project, member: Member) -> None:
    """Let staff find the member, take lists away, and see the whole phone for a reason."""
    staff = factories.sign_in(world.app.test_client(), factories.make_staff("administrator"))
    for path in LISTS:
        assert world.ask(staff, "GET", f"/p/{path}").status_code == 200, path
        assert staff.get(f"/p/{path}?q={quote(MOBILE)}").status_code == 200
    for kind in ("members", "homes"):
        listed = staff.post(f"/p/binjiang/staff/{kind}/export.csv")
        assert listed.status_code == 200
        assert NAME in listed.text or BUILDING in listed.text
        assert not _traces(listed.text, NUMBERS)
        listed.close()
    page = f"/p/binjiang/staff/members/{member.public_id}"
    assert world.ask(staff, "GET", page).status_code == 200
    assert world.ask(staff, "POST", f"{page}/phone", data={"reason": "a call"}).location
    shown = staff.get(page).text
    assert TYPED in shown or MOBILE in shown


def _jobs_run(world: World) -> None:
    """Do what is due, one job that fails with the number in its message among it."""

    def fail(run: JobRun) -> None:
        raise ValueError(f"cannot send to {PHONE} or {MAIL}")

    registry.CORE["test.fail"] = Job("test.fail", fail, max_attempts=1)
    try:
        enqueue(kind="test.fail")
        db.session.commit()
        runner = Runner(world.app)
        runner.schedule.fill_slots = lambda: None  # type: ignore[method-assign]
        while runner.run_once():
            pass
    finally:
        del registry.CORE["test.fail"]


def _copy_of(member: Member) -> str:
    """Return what a member's own copy says, all files of it."""
    target = io.BytesIO()
    exporting.write_export(target, member, language="zh_Hans_CN")
    archive = zipfile.ZipFile(target)
    return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


def _dump(database_url: str, folder: Path) -> str:
    """Return all that is in the database, as its files or its own tool tell it."""
    if database_url.startswith("sqlite"):
        path = Path(database_url.removeprefix("sqlite:///"))
        files = [path, path.with_name(f"{path.name}-wal")]
        return b"".join(file.read_bytes() for file in files if file.exists()).decode("latin-1")
    url = sa.make_url(database_url)
    tool = services.postgresql_tools() / "pg_dump"
    where = ["-h", str(url.query["host"]), "-U", "postgres", "postgres"]
    dump = subprocess.run([tool, *where], check=True, capture_output=True, cwd=folder)
    assert b"COPY public.member " in dump.stdout
    return dump.stdout.decode()


def _traces(text: str, of: tuple[str, ...]) -> list[str]:
    """Return what is in a text, as it is or as addresses, JSON, bytes and dumps write it."""
    return [
        each
        for each in of
        for form in (
            each,
            quote(each),
            json.dumps(each)[1:-1],
            each.encode().decode("latin-1"),
            each.encode().hex(),
        )
        if form in text
    ]
