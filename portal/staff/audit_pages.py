"""Where the things lie that entries of the audit trail are about, as plugins tell."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import current_app, url_for
from werkzeug.routing import BuildError

from portal.access import Audience, access_of
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.permissions.current import current_rights
from portal.projects.models import Project
from portal.slots import is_plugin_on
from portal.words import audit_word


def subject_pages(entries: Sequence[AuditEntry]) -> Mapping[int, str]:
    """Return the addresses of what the entries are about, by the entries' ids: those that the
    reader may open, of plugins that are on where it was."""
    found: dict[int, tuple[AuditEntry, str]] = {}
    for entry in entries:
        word = audit_word(entry.action, entry.subject_kind)
        if word and word.page and _is_open(entry, word.page):
            found[entry.id] = entry, word.page
    if not found:
        return {}
    ids = {entry.project_id for entry, _page in found.values()}
    rows = db.session.execute(sa.select(Project.id, Project.slug).where(Project.id.in_(ids)))
    slugs: dict[int, str] = dict(rows.tuples().all())
    addresses = {
        key: _address(page, entry.subject_key, slugs.get(entry.project_id or 0))
        for key, (entry, page) in found.items()
    }
    return {key: address for key, address in addresses.items() if address}


def _is_open(entry: AuditEntry, page: str) -> bool:
    access = access_of(current_app.view_functions[page])
    if access is None or access.audience is not Audience.PERMISSION or entry.project_id is None:
        return False
    allowed = current_rights().allows(str(access.permission), entry.project_id)
    return allowed and is_plugin_on(entry.action.partition(".")[0], entry.project_id)


def _address(page: str, key: str, slug: str | None) -> str | None:
    for rule in current_app.url_map.iter_rules(page):
        names = rule.arguments - {"project"}
        if len(names) == 1:
            values: dict[str, Any] = {names.pop(): key}
            if "project" in rule.arguments:
                values["project"] = slug
            try:
                return url_for(page, **values)
            except (BuildError, ValueError):
                return None
    return None
