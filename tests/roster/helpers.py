"""Files and imports for the roster's tests."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from werkzeug.datastructures import FileStorage

from portal.accounts.models import Account
from portal.extensions import db
from portal.projects.models import Project
from portal.roster.examining import examine
from portal.roster.models import RosterImport
from portal.roster.runner import run_to_end
from portal.roster.service import create_import, reload, start_import

DATA = Path(__file__).parent / "data"
SAMPLES = ("roster-utf8.csv", "roster-gb18030.csv", "roster.xlsx")
EXPECTED: dict[str, int] = json.loads((DATA / "expected.json").read_text())
HEADER = "楼栋,单元,房号,业主姓名,手机,关系,交付日期,建筑面积,备注"


def sample(name: str = SAMPLES[0]) -> bytes:
    """Return the bytes of a sample file."""
    return (DATA / name).read_bytes()


def csv_of(*rows: str, header: str = HEADER) -> bytes:
    """Return a CSV file in UTF-8."""
    return "\n".join((header, *rows)).encode()


def upload_of(data: bytes, name: str = "roster.csv") -> FileStorage:
    """Return bytes as an upload."""
    return FileStorage(io.BytesIO(data), filename=name)


def preview(
    project: Project,
    data: bytes,
    *,
    actor: Account | None = None,
    mapping: Mapping[str, str] | None = None,
    **options: Any,
) -> RosterImport:
    """Take a file in as far as the preview, and commit."""
    found = examine(project=project, data=data, mapping=mapping, **options)
    job = create_import(
        actor=actor, project=project, upload=upload_of(data), examination=found, **options
    )
    db.session.commit()
    return job


def start(project: Project, data: bytes, **options: Any) -> RosterImport:
    """Take a file in and begin its import, and commit."""
    job = preview(project, data, **options)
    start_import(actor=options.get("actor"), job=job)
    db.session.commit()
    return job


def run(project: Project, data: bytes, **options: Any) -> RosterImport:
    """Import a file to its end."""
    job = start(project, data, **options)
    run_to_end(job.id)
    reload(job)
    return job
