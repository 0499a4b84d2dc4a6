"""Bytes and rows live and die together."""

import hashlib
import io
import os
import time
from datetime import timedelta

import pytest
from werkzeug.datastructures import FileStorage

from portal.extensions import db
from portal.files import storage
from portal.files.cli import commands
from portal.files.errors import UploadError
from portal.files.models import FileKind, StoredFile
from portal.files.queries import files_of, find_file, path_of
from portal.files.service import erase_file, store_file, store_picture
from portal.files.sweep import sweep
from tests.factories import make_account, make_project, picture_bytes

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def own_files_dir(app, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "files_dir", lambda: tmp_path)
    return tmp_path


def upload(data=b"a,b\n1,2\n", name="roster.csv"):
    return FileStorage(io.BytesIO(data), filename=name)


def store(data=b"a,b\n1,2\n", **values):
    project = make_project()
    return store_file(
        actor=make_account(),
        upload=upload(data),
        owner_kind="roster_import",
        owner_key="1",
        project_id=project.id,
        **values,
    )


def on_disk(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_kept_as_it_is(own_files_dir):
    file = store(b"\xef\xbb\xbfname\r\n")
    db.session.commit()
    path = path_of(file)
    assert path.read_bytes() == b"\xef\xbb\xbfname\r\n"
    assert file.kind == FileKind.ROSTER
    assert file.sha256 == hashlib.sha256(b"\xef\xbb\xbfname\r\n").hexdigest()
    assert "roster" not in path.name
    assert path.parent.name == path.name[:2]


def test_a_rolled_back_file_leaves_nothing(own_files_dir):
    store()
    assert len(on_disk(own_files_dir)) == 1
    db.session.rollback()
    assert on_disk(own_files_dir) == []


def test_a_closed_session_leaves_nothing(own_files_dir):
    store()
    db.session.remove()
    assert on_disk(own_files_dir) == []


def test_a_savepoint_inside_does_not_take_the_file(own_files_dir):
    store()
    with pytest.raises(ZeroDivisionError), db.session.begin_nested():
        raise ZeroDivisionError
    db.session.commit()
    assert len(on_disk(own_files_dir)) == 1


def test_too_large_and_empty_files_leave_nothing(own_files_dir):
    with pytest.raises(UploadError) as refused:
        store(b"x" * (1024 * 1024 + 1), megabytes=1)
    assert refused.value.code == "too_large"
    assert on_disk(own_files_dir) == []
    with pytest.raises(UploadError) as refused:
        store_file(actor=None, upload=upload(b""), owner_kind="x", owner_key="1", project_id=None)
    assert refused.value.code == "empty"
    db.session.rollback()
    assert on_disk(own_files_dir) == []


def test_a_broken_picture_writes_no_row(own_files_dir):
    with pytest.raises(UploadError):
        store_picture(
            actor=None, upload=upload(b"<svg/>"), owner_kind="x", owner_key="1", project_id=None
        )
    assert db.session.query(StoredFile).count() == 0
    assert on_disk(own_files_dir) == []


def test_an_erased_file_is_found_no_more(app):
    file = store_picture(
        actor=None,
        upload=upload(picture_bytes()),
        owner_kind="claim",
        owner_key="k",
        project_id=None,
    )
    db.session.commit()
    assert find_file(file.public_id) is file
    assert files_of("claim", "k") == [file]
    erase_file(file=file)
    db.session.commit()
    assert find_file(file.public_id) is None
    assert files_of("claim", "k") == []


def test_the_sweep_takes_old_orphans_and_erased_files_only(own_files_dir):
    kept = store()
    db.session.commit()
    erased = store_file(
        actor=None, upload=upload(b"gone"), owner_kind="x", owner_key="1", project_id=None
    )
    erase_file(file=erased)
    db.session.commit()
    for name in ("ab/orphan", "ab/young", "cd/half.part"):
        path = own_files_dir / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"12345")
    old = time.time() - 90_000
    for path in on_disk(own_files_dir):
        if path.name != "young":
            os.utime(path, (old, old))
    assert sweep(older_than=DAY, dry_run=True).removed == 3
    assert len(on_disk(own_files_dir)) == 5
    result = sweep(older_than=DAY)
    assert (result.removed, result.freed_bytes, result.lost) == (3, 14, [])
    assert {path.name for path in on_disk(own_files_dir)} == {"young", kept.storage_name}


def test_the_sweep_names_lost_bytes(app, own_files_dir):
    file = store()
    file.created_at -= timedelta(days=2)
    db.session.commit()
    path_of(file).unlink()
    assert sweep(older_than=DAY).lost == [file.public_id]


def test_the_command_says_what_it_did(app):
    runner = app.test_cli_runner()
    result = runner.invoke(commands, ["sweep", "--dry-run"])
    assert (result.exit_code, result.output) == (0, "Would remove 0 files (0 bytes).\n")
    file = store()
    file.created_at -= timedelta(days=2)
    db.session.commit()
    path_of(file).unlink()
    result = runner.invoke(commands, ["sweep"])
    assert result.exit_code == 1
    assert f"file {file.public_id}" in result.output
