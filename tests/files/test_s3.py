"""Uploads in a bucket, against a server that speaks S3."""

import io
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from flask import Flask
from flask.testing import FlaskClient
from moto.server import ThreadedMotoServer

from portal.config import Settings
from portal.extensions import db
from portal.files import s3, storage
from portal.files.models import FileKind, StoredFile
from portal.files.queries import bytes_of, path_of
from portal.files.service import destroy_files, store_stream
from portal.files.sweep import sweep
from portal.operations.backup import cli
from portal.operations.checks import _uploads
from portal.operations.findings import State
from portal.web.errors import NO_STORE
from tests import services
from tests.factories import picture_bytes
from tests.operations.test_backup import run
from tests.plugin_host.installation import Installation, own_database

NAME = "club-uploads"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Run a server that speaks S3."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def client_of(endpoint: str, monkeypatch: Any) -> Iterator[Any]:
    """Yield a client of an empty bucket that only this test uses."""
    for name, value in {
        "ACCESS_KEY_ID": "testing",
        "SECRET_ACCESS_KEY": "testing",
        "DEFAULT_REGION": "us-east-1",
        "ENDPOINT_URL": endpoint,
        "EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    s3._client.cache_clear()
    client = boto3.session.Session().client("s3")
    client.create_bucket(Bucket=NAME)
    yield client
    for key in keys(client):
        client.delete_object(Bucket=NAME, Key=key)
    if NAME in [each["Name"] for each in client.list_buckets()["Buckets"]]:
        client.delete_bucket(Bucket=NAME)
    client.close()
    s3._client().close()
    s3._client.cache_clear()


@pytest.fixture
def in_bucket(app: Flask, client_of: Any, monkeypatch: Any) -> Any:
    """Keep this test's uploads in the bucket."""
    settings: Settings = app.extensions["portal.settings"]
    url = f"s3://{NAME}/portal"
    monkeypatch.setitem(app.extensions, "portal.settings", replace(settings, uploads_url=url))
    return client_of


def keys(client: Any) -> list[str]:
    try:
        found = client.list_objects_v2(Bucket=NAME).get("Contents", ())
    except client.exceptions.NoSuchBucket:
        return []
    return [each["Key"] for each in found]


def store(data: bytes = b"bytes", **values: Any) -> StoredFile:
    return store_stream(
        stream=io.BytesIO(data), owner_kind="club", owner_key="1", kind=FileKind.PICTURE,
        name="a.jpg", content_type="image/jpeg", **values,
    )  # fmt: skip


def test_a_file_is_kept_read_and_deleted(in_bucket: Any) -> None:
    file = store()
    db.session.commit()
    assert keys(in_bucket) == [f"portal/{file.storage_name[:2]}/{file.storage_name}"]
    assert bytes_of(file) == b"bytes"
    destroy_files(files=[file])
    assert len(keys(in_bucket)) == 1
    db.session.commit()
    assert keys(in_bucket) == []
    assert not path_of(file).is_file()


def test_nobody_but_the_portal_reads_an_object(in_bucket: Any) -> None:
    file = store()
    db.session.commit()
    grants = in_bucket.get_object_acl(Bucket=NAME, Key=path_of(file).key)["Grants"]  # type: ignore[union-attr]
    assert [grant["Permission"] for grant in grants] == ["FULL_CONTROL"]
    assert all("URI" not in grant["Grantee"] for grant in grants)


def test_what_is_rolled_back_leaves_nothing(in_bucket: Any) -> None:
    store()
    assert len(keys(in_bucket)) == 1
    db.session.rollback()
    assert keys(in_bucket) == []


def test_the_sweep_takes_orphans_and_names_lost_bytes(in_bucket: Any) -> None:
    kept, lost = store(), store()
    kept.created_at = lost.created_at = kept.created_at - timedelta(days=1)
    db.session.commit()
    path_of(lost).unlink()
    in_bucket.put_object(Bucket=NAME, Key="portal/ab/orphan", Body=b"12345")
    found = sweep(older_than=timedelta(seconds=-60))
    assert (found.removed, found.freed_bytes, found.lost) == (1, 5, [lost.public_id])
    assert keys(in_bucket) == [path_of(kept).key]  # type: ignore[union-attr]


def test_a_page_sends_it(in_bucket: Any, client: FlaskClient) -> None:
    data = picture_bytes((400, 300), "JPEG")
    file = store(data)
    db.session.commit()
    with client.get(f"/files/{file.public_id}") as answer:
        assert (answer.status_code, answer.data) == (200, data)
        assert answer.headers["Content-Length"] == str(len(data))
    path_of(file).unlink()
    assert client.get(f"/files/{file.public_id}").status_code == 404


def test_without_the_bucket_people_are_told_and_nothing_is_half_kept(
    in_bucket: Any, client: FlaskClient
) -> None:
    file = store()
    db.session.commit()
    path_of(file).unlink()
    in_bucket.delete_bucket(Bucket=NAME)
    with pytest.raises(s3.StoreAwayError):
        store()
    db.session.rollback()
    answer = client.get(f"/files/{file.public_id}")
    assert answer.status_code == 503
    assert str(NO_STORE.title) in answer.text


def test_a_server_that_is_away_is_told_by_the_doctor(
    in_bucket: Any, app: Flask, monkeypatch: Any
) -> None:
    settings: Settings = app.extensions["portal.settings"]
    assert _uploads(settings).state is State.OK
    assert keys(in_bucket) == []
    s3._client().close()
    s3._client.cache_clear()
    with monkeypatch.context() as patched:
        patched.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        found = _uploads(settings)
        assert found.state is State.FAIL
        assert "does not answer" in found.found
        s3._client().close()
        s3._client.cache_clear()


@pytest.mark.parametrize(
    ("url", "key"),
    [("s3://bucket", "ab/abc"), ("s3://bucket/", "ab/abc"), ("s3://bucket/a/b", "a/b/ab/abc")],
)
def test_a_prefix_stands_before_the_name(app: Flask, monkeypatch: Any, url: str, key: str) -> None:
    settings: Settings = app.extensions["portal.settings"]
    monkeypatch.setitem(app.extensions, "portal.settings", replace(settings, uploads_url=url))
    place = storage.path_of("abc")
    assert isinstance(place, s3.S3Object)
    assert (place.bucket.name, place.key) == ("bucket", key)


def test_a_backup_takes_the_bucket_along_and_proves_it(
    in_bucket: Any, app: Flask, database_url: str, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("PATH", f"{services.postgresql_tools()}{os.pathsep}{os.environ['PATH']}")
    names = {store(data).storage_name: data for data in (b"one", b"two" * 100_000)}
    db.session.commit()
    whole, lost = tmp_path / "whole.tar", tmp_path / "lost.tar"
    assert run(app, cli.backup, whole).exit_code == 0
    gone = next(iter(names))
    storage.path_of(gone).unlink()
    run(app, cli.backup, lost)

    with own_database(database_url, tmp_path) as url:
        env = {key: value for key, value in os.environ.items() if not key.startswith("PORTAL_")}
        env |= {
            "PORTAL_HOME": str(tmp_path),
            "PORTAL_DATABASE_URL": url,
            "PORTAL_UPLOADS_URL": f"s3://{NAME}/elsewhere",
            "PORTAL_SECRET_KEY": "not-a-secret-in-tests-" + "x" * 32,
            "PORTAL_DATA_KEYS": "1:" + "A" * 43 + "=",
        }
        elsewhere = Installation(env, tmp_path / "site")
        refused = elsewhere.portal("restore", str(whole), PORTAL_DATA_KEYS="1:" + "B" * 43 + "=")
        assert refused.returncode == 1
        assert "is not the one here" in refused.stdout
        assert not [key for key in keys(in_bucket) if key.startswith("elsewhere/")]

        done = elsewhere.portal("restore", str(whole))
        assert done.returncode == 0, done.stdout
        assert "2, each with its digest" in done.stdout
    for name, data in names.items():
        there = in_bucket.get_object(Bucket=NAME, Key=f"elsewhere/{name[:2]}/{name}")["Body"]
        with there:
            assert there.read() == data
    assert not (tmp_path / "files").exists()

    for key in keys(in_bucket):
        in_bucket.delete_object(Bucket=NAME, Key=key)
    again = tmp_path / "again"
    again.mkdir()
    with own_database(database_url, again) as url:
        home = {"PORTAL_HOME": str(again), "PORTAL_DATABASE_URL": url}
        done = elsewhere.portal("restore", str(lost), **home)
    assert done.returncode == 1
    assert "1 are missing or damaged" in done.stdout
