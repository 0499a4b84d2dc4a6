"""A member's own copy: complete, theirs alone, and gone after a week."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal import clock, features
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.queries import path_of
from portal.notifications.models import Notification
from portal.personal_data import ExportFile, ExportPart
from portal.privacy import exporting, service
from portal.privacy.errors import PrivacyError
from portal.privacy.models import PrivacyRequest, RequestState
from portal.slots import PluginAnswer, slots
from tests.factories import make_member, sign_in
from tests.privacy.conftest import CHILD, EMAIL, NAME, SECRETS


def build(member, language="zh_Hans_CN"):
    target = io.BytesIO()
    missing = exporting.write_export(target, member, language=language)
    return zipfile.ZipFile(target), missing


def data_of(archive, name):
    return json.loads(archive.read(f"data/{name}.json"))


def test_the_file_holds_what_is_kept(world):
    archive, missing = build(world.member)
    assert missing == []
    assert archive.testzip() is None
    assert data_of(archive, "account")[0]["phone"] == world.phone
    assert data_of(archive, "account")[0]["email"] == EMAIL
    assert data_of(archive, "profile")[0]["name"] == NAME
    assert data_of(archive, "profile")[0]["birth_month"] == 5
    assert CHILD in {row["name"] for row in data_of(archive, "persons")}
    assert data_of(archive, "homes")[0]["role"] == "owner"
    assert data_of(archive, "projects_followed")
    assert data_of(archive, "claims")[0]["photos"] == ["静怡房产证.png"]
    assert data_of(archive, "claim_steps")[0]["note"] == "静怡手写说明"
    assert data_of(archive, "roster")[0]["note"] == "备注静怡"
    assert data_of(archive, "consents")[0]["text"] == "terms"
    assert "备注静怡" in {row["reason"] for row in data_of(archive, "acts")}
    assert archive.read("files/claims/001.jpg")[:2] == b"\xff\xd8"


def test_every_part_has_something_of_this_member(world):
    """The fixture has rows of every table that is exported, and each of them comes out."""
    kept = {
        table
        for module in features.PRIVACY
        for table, each in getattr(module, "TABLES", {}).items()
        if each.exported
    }
    empty = {
        name
        for name in kept - {"privacy_request", "privacy_event"}
        if not db.session.scalar(sa.select(sa.func.count()).select_from(db.metadata.tables[name]))
    }
    assert empty - {"role_grant"} == set()
    service.request_export(actor=world.account, member=world.member, language="en")
    archive, _ = build(world.member)
    parts = [name for name in archive.namelist() if name.startswith("data/")]
    assert [name for name in parts if not json.loads(archive.read(name))] == []
    assert len(parts) >= len([m for m in features.PRIVACY if hasattr(m, "export_member_data")]) - 1
    assert data_of(archive, "points")[0]["note"] == "备注静怡"
    assert data_of(archive, "programs")[0]["name"] == f"{NAME}的小程序"


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh_Hans_CN", ("业主", "关系")), ("zh_Hant", ("業主",)), ("en", ("Owner", "Relation"))],
)
def test_the_page_reads_in_the_members_language(world, language, words):
    archive, _ = build(world.member, language)
    page = archive.read("index.html").decode()
    assert all(word in page for word in words)
    assert "style.css" in archive.namelist()
    assert "<script" not in page


def test_what_was_typed_cannot_become_markup(world):
    world.member.name = "<script>alert(1)</script>"
    archive, _ = build(world.member)
    page = archive.read("index.html").decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_no_name_from_outside_becomes_a_path(world, monkeypatch):
    files = [
        ExportFile("../../etc/passwd", b"a"),
        ExportFile("/abs.PNG", b"b"),
        ExportFile("c.j/pg", b"c"),
        ExportFile("no-ending", b"d"),
        ExportFile("x.superlongending", b"e"),
    ]
    part = ExportPart("loans", "借阅", {"title": "书"}, [{"title": "红楼梦"}], files=files)
    answers = [PluginAnswer("library", value=[part])]
    monkeypatch.setattr(slots(), "ask_installed", lambda hook, **_: answers)
    archive, _ = build(world.member)
    names = [name for name in archive.namelist() if "library" in name]
    assert names == ["data/library.loans.json"] + [
        f"files/library.loans/{number:03d}{ending}"
        for number, ending in enumerate((".bin", ".png", ".bin", ".bin", ".bin"), 1)
    ]


def test_a_part_of_a_plugin_has_no_name_that_is_a_path():
    with pytest.raises(ValueError, match="no name of a part"):
        ExportPart("../x", "x", {}, [])


def test_a_plugin_that_cannot_answer_is_named_in_the_file(world, monkeypatch):
    answers = [PluginAnswer("library", fault="ImportError: gone")]
    monkeypatch.setattr(slots(), "ask_installed", lambda hook, **_: answers)
    archive, missing = build(world.member)
    assert missing == ["library"]
    assert json.loads(archive.read("missing.json")) == ["library"]
    assert "library" in archive.read("index.html").decode()
    assert "ImportError" not in archive.read("index.html").decode()


def test_somebody_elses_data_is_not_in_the_file(world):
    stranger = make_member(name="赵六")
    archive, _ = build(stranger)
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode(
        "utf-8", "replace"
    )
    assert not [secret for secret in (*SECRETS, world.phone) if secret in everything]


@pytest.fixture
def owner(client, world):
    return sign_in(client, world.member)


def asked():
    return db.session.scalar(sa.select(PrivacyRequest))


def test_asking_building_and_taking(owner, world, run_jobs):
    assert owner.get("/me/privacy/export").status_code == 200
    answer = owner.post("/me/privacy/export")
    assert (answer.status_code, answer.location) == (303, "/me/privacy")
    assert asked().state == RequestState.BUILDING
    page = owner.get("/me/privacy").text
    assert "/cancel" in page
    run_jobs()
    request = asked()
    assert request.state == RequestState.READY
    assert timedelta(days=6) < request.due_at - clock.now() <= timedelta(days=7)
    assert request.done == request.total > 5
    path = f"/me/privacy/exports/{request.public_id}"
    assert path in owner.get("/me/privacy").text
    assert owner.get(path).status_code == 200
    answer = owner.post(path)
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    answer.close()
    assert data_of(archive, "profile")[0]["name"] == NAME
    assert answer.headers["Cache-Control"] == "private, no-store"
    kind = "privacy.export_ready"
    told = db.session.scalar(sa.select(Notification).where(Notification.kind == kind))
    assert told.url == "/me/privacy"
    actions = set(db.session.scalars(sa.select(AuditEntry.action)))
    assert {"privacy.export_requested", "privacy.export_taken"} <= actions


def test_a_stranger_finds_no_export(owner, world, run_jobs, app):
    owner.post("/me/privacy/export")
    run_jobs()
    request = asked()
    path = f"/me/privacy/exports/{request.public_id}"
    stranger = sign_in(app.test_client(), make_member(name="赵六"))
    assert stranger.get(path).status_code == 404
    assert stranger.post(path).status_code == 404
    assert stranger.post(f"/me/privacy/requests/{request.public_id}/cancel").status_code == 404
    visitor = app.test_client()
    assert visitor.get(path).status_code == 302
    # Nor does the store give it away, to the member neither.
    file = db.session.get(StoredFile, request.file_id)
    assert owner.get(f"/files/{file.public_id}").status_code == 404


def test_a_link_that_is_too_old_gives_nothing(owner, world, run_jobs):
    owner.post("/me/privacy/export")
    run_jobs()
    request = asked()
    file = path_of(db.session.get(StoredFile, request.file_id))
    assert file.is_file()
    request.due_at = clock.now() - timedelta(seconds=1)
    db.session.commit()
    path = f"/me/privacy/exports/{request.public_id}"
    assert owner.post(path).status_code == 410
    assert owner.get(path).status_code == 200
    assert service.expire_exports() == 1
    db.session.commit()
    assert not file.exists()
    assert asked().state == RequestState.EXPIRED
    assert owner.post(path).status_code == 410


def test_a_password_or_code_is_asked_for_again(owner, world):
    from portal.accounts.models import SignIn

    db.session.execute(sa.update(SignIn).values(confirmed_at=clock.now() - timedelta(hours=1)))
    db.session.commit()
    for path in ("/me/privacy/export", "/me/privacy/erase"):
        assert owner.get(path).location == f"/me/confirm?next={path}"
        assert owner.post(path).location.startswith("/me/confirm")
    assert asked() is None


def test_one_at_a_time_and_three_a_day(world):
    first = service.request_export(actor=world.account, member=world.member, language="en")
    with pytest.raises(PrivacyError, match="already_open"):
        service.request_export(actor=world.account, member=world.member, language="en")
    for _ in range(2):
        service.move(
            request=first, to=RequestState.CANCELLED, actor=None,
            reason=service.RequestReason.CHANGED_MIND,
        )  # fmt: skip
        first = service.request_export(actor=world.account, member=world.member, language="en")
    service.move(
        request=first, to=RequestState.CANCELLED, actor=None,
        reason=service.RequestReason.CHANGED_MIND,
    )  # fmt: skip
    with pytest.raises(PrivacyError, match="too_many"):
        service.request_export(actor=world.account, member=world.member, language="en")


def test_a_copy_that_was_cancelled_is_not_kept(owner, world, run_jobs):
    owner.post("/me/privacy/export")
    owner.post(f"/me/privacy/requests/{asked().public_id}/cancel")
    run_jobs()
    assert asked().state == RequestState.CANCELLED
    assert db.session.scalar(sa.select(StoredFile).where(StoredFile.kind == "export")) is None


def test_forms_without_a_token_are_refused(owner, world, app):
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert owner.post("/me/privacy/export").status_code == 400
        assert owner.post("/me/privacy/erase", data={"understood": "y"}).status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert asked() is None
