"""Files of plugins: whose they are is in their kind, who reads them the plugin says.

A plugin's file has the owner kind `<plugin>.<word>`; those of a plugin that is off, in quarantine
or gone are nobody's to read.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import sqlalchemy as sa
from flask import g

from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.readers import FileReader
from portal.files.service import destroy_files
from portal.members.current import find_current_member
from portal.plugin_host import dispatch
from portal.plugin_host.refs import file_ref, member_ref, project_ref
from portal.plugin_host.state import host, is_on
from portal.projects.models import Project

HOOK = "may_read_file"
_BATCH = 500


def of_plugin(plugin: str) -> sa.ColumnElement[bool]:
    """Return the condition for a plugin's files."""
    return StoredFile.owner_kind.startswith(f"{plugin}.", autoescape=True)


def readers() -> list[FileReader]:
    """Return one reader for each loaded plugin."""
    return [FileReader(name, partial(may_read, name)) for name in host().loaded]


def may_read(plugin: str, file: StoredFile) -> bool:
    """Ask a plugin whether this request may read `file`: not where it is off, nor when it fails."""
    if file.project_id is None or not is_on(plugin, file.project_id):
        return False
    project = db.session.get_one(Project, file.project_id)
    member = find_current_member()
    with _within(project):
        answer = dispatch.ask(
            HOOK,
            plugin=plugin,
            project=project_ref(project),
            file=file_ref(file),
            member=member_ref(member) if member else None,
        )
    return answer is not None and answer.value is True


@contextmanager
def _within(project: Project) -> Iterator[None]:
    """Let `may` ask for the project's rights, although the address has none."""
    before = g.get("project")
    g.project = project
    try:
        yield
    finally:
        g.project = before


def files_of_account(account_id: int) -> Sequence[StoredFile]:
    """Return the files that plugins keep as an account's own, oldest first."""
    return db.session.scalars(
        sa.select(StoredFile)
        .where(
            StoredFile.uploaded_by_id == account_id,
            StoredFile.owner_kind.contains(".", autoescape=True),
            StoredFile.erased_at.is_(None),
        )
        .order_by(StoredFile.created_at, StoredFile.id)
    ).all()


def count_files(plugin: str, project_id: int) -> int:
    """Return how many files a plugin keeps of a project."""
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(StoredFile)
            .where(of_plugin(plugin), StoredFile.project_id == project_id)
        )
        or 0
    )


def drop_files(plugin: str, project_id: int | None = None) -> int:
    """Delete a plugin's files, of one project or all, for good; return how many.

    The bytes go when the caller commits.
    """
    where = [of_plugin(plugin)]
    if project_id is not None:
        where.append(StoredFile.project_id == project_id)
    gone = 0
    while files := db.session.scalars(sa.select(StoredFile).where(*where).limit(_BATCH)).all():
        gone += destroy_files(files=files)
    return gone
