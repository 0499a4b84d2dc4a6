"""Plugins keep pictures: made anew, read by whom the plugin lets, gone with what they belong to."""

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.datastructures import FileStorage

from portal import sdk
from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.pictures import Picture
from portal.files.queries import path_of
from portal.members.models import Member
from portal.plugin_host import privacy, purge, service
from portal.plugin_host.models import PluginFault
from portal.plugin_host.refs import member_ref, project_ref
from portal.plugin_host.service import SwitchError
from portal.projects.models import Project
from tests import factories
from tests.plugin_host.conftest import switch_on


@pytest.fixture
def own(host_app: Flask) -> Project:
    project = factories.make_project(slug="own")
    switch_on("notes", project)
    return project


@pytest.fixture
def owner(own: Project) -> Member:
    return factories.make_owner(own, name="林晓芸")


def picture() -> Picture:
    return Picture(factories.picture_bytes(), 40, 40, "wall.png")


def keep(project: Project, key: str = "a", member: Member | None = None) -> sdk.FileRef:
    file = sdk.store_picture(
        kind="notes.note",
        key=key,
        picture=picture(),
        project=project_ref(project),
        member=member_ref(member) if member else None,
    )
    db.session.commit()
    return file


def status(app: Flask, person: object, file: sdk.FileRef, base: str = "") -> int:
    client = app.test_client()
    if person is not None:
        factories.sign_in(client, person)
    return client.get(base + file.url, buffered=True).status_code


def test_a_form_takes_pictures(host_app: Flask, owner: Member) -> None:
    client = factories.sign_in(host_app.test_client(), owner)
    answer = client.post(
        "/p/own/notes/pin", data={"photos": [factories.photo(), factories.photo(name="b.png")]}
    )
    assert answer.status_code == 303, answer.text
    files = sdk.files_of(kind="notes.note", keys=["note-1", "note-2"])
    assert [file.name for file in files["note-1"]] == ["deed.png", "b.png"]
    assert files["note-2"] == []
    page = client.get(files["note-1"][0].url, buffered=True)
    assert page.headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("photos", "sentence"),
    [
        ([factories.photo, factories.photo, factories.photo], "最多选择 2"),
        ([lambda: factories.photo(b"no picture", "a.png")], "a.png"),
        ([], ""),
    ],
)
def test_what_is_no_picture_is_an_error_of_the_field(
    host_app: Flask, owner: Member, photos: list, sentence: str
) -> None:
    client = factories.sign_in(host_app.test_client(), owner)
    data = {"photos": [make() for make in photos]}
    answer = client.post("/p/own/notes/pin", data=data, headers={"Accept-Language": "zh-CN"})
    assert answer.status_code == (422 if photos else 303)
    assert sentence in answer.text
    assert db.session.scalar(sa.select(StoredFile.id)) is None


def test_the_plugin_says_who_reads(host_app: Flask, own: Project, owner: Member) -> None:
    other = factories.make_project(slug="other")
    switch_on("notes", other)
    file = keep(own, member=owner)
    assert status(host_app, owner, file) == 200
    assert status(host_app, factories.make_staff("staff", own), file) == 200
    # A right in another project, a neighbour, a visitor: nothing is there.
    assert status(host_app, factories.make_staff("staff", other), file) == 404
    assert status(host_app, factories.make_owner(own, name="陈明"), file) == 404
    assert status(host_app, None, file) == 404


def test_programs_read_by_the_same_rule(host_app: Flask, own: Project, owner: Member) -> None:
    file = keep(own, member=owner)
    headers = {"Authorization": f"Bearer {factories.make_token(owner)}"}
    client = host_app.test_client()
    path = f"/api/v1{file.url}"
    assert client.get(path, headers=headers, buffered=True).status_code == 200
    assert client.get(path, buffered=True).status_code == 404


@pytest.mark.parametrize("key", ["broken", "wrong"])
def test_a_plugin_that_fails_shows_nothing(
    host_app: Flask, own: Project, owner: Member, key: str
) -> None:
    file = keep(own, key, member=owner)
    assert status(host_app, owner, file) == 404
    db.session.rollback()
    assert db.session.scalar(sa.select(PluginFault.hook)) == "may_read_file"


def test_a_plugin_without_the_hook_shows_nothing(host_app: Flask, own: Project) -> None:
    switch_on("hostile", own)
    file = sdk.store_picture(
        kind="hostile.note", key="a", picture=picture(), project=project_ref(own)
    )
    db.session.commit()
    assert status(host_app, factories.make_staff("administrator"), file) == 404


@pytest.mark.parametrize(
    ("kind", "key"),
    [("claim", "a"), ("claim.a", "a"), ("notes", "a"), ("notes.", "a"), ("notes.a", ""),
     ("notes.a", "a" * 41), ("notes." + "a" * 40, "a")],
)  # fmt: skip
def test_files_belong_to_a_thing_of_the_plugin(own: Project, kind: str, key: str) -> None:
    with pytest.raises(ValueError, match=r"kind|key"):
        sdk.store_picture(kind=kind, key=key, picture=picture(), project=project_ref(own))


def test_deleting_takes_the_bytes_with_the_commit(own: Project) -> None:
    first, second = keep(own), keep(own)
    paths = [path_of(file) for file in db.session.scalars(sa.select(StoredFile))]
    assert sdk.delete_files(kind="notes.note", key="a", files=[first]) == 1
    assert sum(path.exists() for path in paths) == 2
    db.session.commit()
    assert sum(path.exists() for path in paths) == 1
    assert sdk.files_of(kind="notes.note", keys=["a"])["a"] == [second]
    assert sdk.delete_files(kind="notes.note", key="a") == 1
    with pytest.raises(ValueError, match="claim"):
        sdk.delete_files(kind="claim", key="a")


def test_a_purge_takes_the_files_of_the_project(host_app: Flask, own: Project) -> None:
    other = factories.make_project(slug="other")
    keep(own)
    kept = keep(other, "b")
    with pytest.raises(SwitchError):
        purge.look("notes", own)
    service.disable(actor=None, plugin="notes", project=own)
    assert purge.look("notes", own) == {"stored_file": 1}
    purge.purge(actor=None, plugin="notes", project=own)
    db.session.commit()
    assert [file.id for file in db.session.scalars(sa.select(StoredFile))] == [kept.id]


def test_a_copy_has_the_members_pictures_and_an_erasure_takes_them(
    host_app: Flask, own: Project, owner: Member
) -> None:
    mine, clubs = keep(own, member=owner), keep(own)
    part = privacy.export_member_data(owner)[1]
    assert [row["plugin"] for row in part.rows] == ["notes"]
    assert len(list(part.files)) == 1
    path = path_of(db.session.get_one(StoredFile, mine.id))
    privacy.erase_member_data(owner)
    db.session.commit()
    assert not path.exists()
    assert sdk.files_of(kind="notes.note", keys=["a"])["a"] == [clubs]


def test_reading_pictures_leaves_text_and_empty_fields_out(own: Project) -> None:
    assert sdk.read_pictures(["text", FileStorage()], most=1) == []
