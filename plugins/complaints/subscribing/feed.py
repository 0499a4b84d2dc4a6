"""The Atom feed (RFC 4287) of what all owners of a project may read: titles and where cases stand.

Neither words nor authors are in it: a feed is copied by programs that nobody can call back.
"""

from collections.abc import Sequence
from datetime import UTC
from xml.etree import ElementTree as Xml

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from plugins.complaints.identity import Reader
from plugins.complaints.models import Case
from plugins.complaints.queries import seen_by
from plugins.complaints.states import Ring, Veil
from plugins.complaints.words import STATES
from portal.sdk import ProjectRef, db, gettext, localized, ngettext, our_address

MOST = 50
_ATOM = "http://www.w3.org/2005/Atom"


def latest(project: ProjectRef) -> Sequence[Case]:
    """Return the public complaints with the latest words, the newest first."""
    public = Case.ring != Ring.PRIVATE, Case.veil == Veil.NONE, seen_by(Reader())
    statement = sa.select(Case).where(Case.project_id == project.id, *public)
    return db.session.scalars(
        statement.options(joinedload(Case.category, innerjoin=True))
        .order_by(Case.active_at.desc(), Case.id.desc())
        .limit(MOST)
    ).all()


def atom(project: ProjectRef, cases: Sequence[Case]) -> bytes:
    """Return the feed as a document. Its dates are in UTC."""
    Xml.register_namespace("", _ATOM)
    forum = our_address(f"/p/{project.slug}/complaints/")
    feed = Xml.Element(_tag("feed"))
    name = gettext("Complaints in %(project)s", project=localized(project.name))
    _add(feed, "id", forum)
    _add(feed, "title", name)
    _add(feed, "link", href=forum)
    _add(feed, "updated", _at(cases[0]) if cases else "1970-01-01T00:00:00Z")
    _add(_add(feed, "author"), "name", localized(project.name))
    for case in cases:
        address = f"{forum}{case.public_id}"
        entry = _add(feed, "entry")
        _add(entry, "id", address)
        _add(entry, "title", f"{case.code} {case.title}")
        _add(entry, "link", href=address)
        _add(entry, "updated", _at(case))
        _add(entry, "category", term=case.category.key, label=localized(case.category.title))
        _add(entry, "summary", _summary(case))
    return Xml.tostring(feed, encoding="utf-8", xml_declaration=True)


def _summary(case: Case) -> str:
    homes = ngettext("%(num)d household", "%(num)d households", case.households)
    return f"{STATES[case.state][0]} · {homes}"


def _at(case: Case) -> str:
    return case.active_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _tag(name: str) -> str:
    return f"{{{_ATOM}}}{name}"


def _add(parent: Xml.Element, name: str, text: str | None = None, **attributes: str) -> Xml.Element:
    made = Xml.SubElement(parent, _tag(name), attributes)
    made.text = text
    return made
