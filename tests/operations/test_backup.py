"""A backup of a portal that serves goes into another, and everything is there and proves itself."""

import io
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from portal.extensions import db
from portal.files.models import FileKind, StoredFile
from portal.files.storage import keep
from portal.operations.backup import archive, cli, dumping
from portal.operations.backup.manifest import BackupError, Manifest, fingerprints
from tests import factories, services
from tests.plugin_host.installation import Installation, own_database
from tests.points.helpers import earn


@pytest.fixture(autouse=True)
def tools(monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", f"{services.postgresql_tools()}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def kept(app: Flask) -> bytes:
    """Fill the portal with an owner, points, an audited act and an upload; return its bytes."""
    earn(factories.make_owner(factories.make_project()), 1_200_000)
    picture = factories.picture_bytes((4, 4))
    stored = keep(io.BytesIO(picture), limit=10_000)
    factories.add(
        StoredFile(
            kind=FileKind.PICTURE,
            owner_kind="club",
            owner_key="1",
            storage_name=stored.storage_name,
            content_type="image/png",
            sha256=stored.sha256,
            size_bytes=stored.size_bytes,
        )
    )
    return picture


@pytest.fixture
def elsewhere(app: Flask, database_url: str, tmp_path: Path) -> Iterator[Installation]:
    """Yield another installation: an empty database, no uploads, the same keys."""
    home = tmp_path / "elsewhere"
    home.mkdir()
    with own_database(database_url, home) as url:
        env = {key: value for key, value in os.environ.items() if not key.startswith("PORTAL_")}
        env |= {
            "PORTAL_HOME": str(home),
            "PORTAL_DATABASE_URL": url,
            "PORTAL_SECRET_KEY": "not-a-secret-in-tests-" + "x" * 32,
            "PORTAL_DATA_KEYS": "1:" + "A" * 43 + "=",
        }
        yield Installation(env, home / "site")


def back_up(app: Flask, target: Path) -> Result:
    db.session.commit()
    return run(app, cli.backup, target)


def run(app: Flask, command: click.Command, path: Path) -> Result:
    return CliRunner().invoke(command, [str(path)], obj=ScriptInfo(create_app=lambda: app))


def changed(source: Path, target: Path, **members: bytes) -> Path:
    """Copy a backup with other bytes in some members, or with more of them."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old:
            file = old.extractfile(member)
            assert file is not None
            text = members.pop(member.name, None)
            text = file.read() if text is None else text
            member.size = len(text)
            new.addfile(member, io.BytesIO(text))
        for name, text in members.items():
            more = tarfile.TarInfo(name)
            more.size = len(text)
            new.addfile(more, io.BytesIO(text))
    return target


def test_what_was_backed_up_is_there_again(
    app: Flask, kept: bytes, elsewhere: Installation, tmp_path: Path
) -> None:
    target = tmp_path / "night.tar"
    made = back_up(app, target)
    assert made.exit_code == 0, made.output
    assert target.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == []

    done = elsewhere.portal("restore", str(target))
    assert done.returncode == 0, done.stdout
    assert "as they were" in done.stdout
    assert "every rule holds" in done.stdout
    assert "1, each with its digest" in done.stdout
    name = db.session.scalars(sa.select(StoredFile.storage_name)).one()
    there = Path(elsewhere.env["PORTAL_HOME"]) / "files" / name[:2] / name
    assert there.read_bytes() == kept

    again = elsewhere.portal("restore", str(target))
    assert again.returncode == 1
    assert "goes into an empty database" in again.stdout


def test_a_lost_upload_is_told(
    app: Flask, kept: bytes, elsewhere: Installation, tmp_path: Path
) -> None:
    back_up(app, tmp_path / "night.tar")
    name = db.session.scalars(sa.select(StoredFile.storage_name)).one()
    upload = f"files/{name[:2]}/{name}"
    bad = changed(tmp_path / "night.tar", tmp_path / "bad.tar", **{upload: b"else"})
    done = elsewhere.portal("restore", str(bad))
    assert done.returncode == 1
    assert "1 are missing or damaged" in done.stdout


def test_nothing_is_overwritten(app: Flask, tmp_path: Path) -> None:
    target = tmp_path / "night.tar"
    target.write_text("mine")
    made = back_up(app, target)
    assert made.exit_code == 1
    assert "is there already" in made.output
    assert target.read_text() == "mine"


@pytest.mark.parametrize("damage", ["database", "manifest", "cut", "strange", "keys", "format"])
def test_a_backup_that_does_not_fit_is_refused(
    app: Flask, tmp_path: Path, damage: str, monkeypatch: Any
) -> None:
    monkeypatch.setattr(dumping, "dump", lambda target: target.write_bytes(b"rows") and {})
    monkeypatch.setattr(dumping, "is_empty", lambda: True)
    restored: list[Path] = []
    monkeypatch.setattr(dumping, "restore", restored.append)
    target = tmp_path / "night.tar"
    assert back_up(app, target).exit_code == 0
    with tarfile.open(target) as tar:
        text = tar.extractfile(archive.MANIFEST)
        assert text is not None
        manifest = Manifest.of_json(text.read())
    bad = tmp_path / "bad.tar"
    if damage == "database":
        changed(target, bad, database=b"other rows")
    elif damage == "manifest":
        changed(target, bad, **{archive.MANIFEST: b"{"})
    elif damage == "cut":
        bad.write_bytes(target.read_bytes()[:700])
    elif damage == "strange":
        changed(target, bad, **{"../../keys.json": b"{}"})
    elif damage == "keys":
        other = replace(manifest, keys=fingerprints({1: b"b" * 32}))
        changed(target, bad, **{archive.MANIFEST: other.to_json()})
    else:
        newer = json.loads(manifest.to_json()) | {"format": 2}
        changed(target, bad, **{archive.MANIFEST: json.dumps(newer).encode()})
    done = run(app, cli.restore, bad)
    assert done.exit_code == 1
    assert done.output.startswith("Error: "), done.output
    assert not restored
    assert not (tmp_path / "keys.json").exists()


def test_a_missing_tool_is_named(app: Flask, monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BackupError, match="client tools"):
        dumping._postgresql_tool("pg_dump")
