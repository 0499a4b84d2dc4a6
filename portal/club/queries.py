"""Reading the club's settings and legal texts."""

from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import current_app, g

from portal.club.models import Club, LegalKind, LegalText
from portal.extensions import db, reading
from portal.i18n import DEFAULT_LANGUAGE, LANGUAGES, localized

CLUB_ID = 1
VERSIONS_SHOWN = 50


def current_club() -> Club:
    """Return the club; one statement a request. Before the set-up it is a nameless one."""
    if "club" not in g:
        g.club = db.session.get(Club, CLUB_ID) or Club(
            name={DEFAULT_LANGUAGE: "业主会", "zh_Hant": "業主會", "en": "Owners' club"},
            tagline={},
            brand_color="#0f766e",
            languages=list(LANGUAGES),
            default_language=DEFAULT_LANGUAGE,
            time_zone="Asia/Shanghai",
        )
    return g.club


def mail_from() -> tuple[str, str]:
    """Return the name and address that mails come from; read apart, since no transaction is open
    while a mail server is talked to."""
    with reading(), db.engine.connect() as connection:
        row = connection.execute(
            sa.select(Club.name, Club.mail_sender, Club.default_language)
        ).one_or_none()
    host = urlsplit(current_app.extensions["portal.settings"].base_url).hostname
    address = row.mail_sender if row and row.mail_sender else f"no-reply@{host}"
    return (localized(row.name, row.default_language) if row else "", address)


def current_legal_texts() -> dict[str, LegalText]:
    """Return the newest version of each legal text by kind."""
    newest = (
        sa.select(LegalText.kind, sa.func.max(LegalText.version).label("version"))
        .group_by(LegalText.kind)
        .subquery()
    )
    rows = db.session.scalars(
        sa.select(LegalText).join(
            newest, sa.and_(LegalText.kind == newest.c.kind, LegalText.version == newest.c.version)
        )
    )
    return {text.kind: text for text in rows}


def versions_of(kind: LegalKind) -> list[LegalText]:
    """Return every version of a legal text, the newest first."""
    statement = (
        sa.select(LegalText)
        .where(LegalText.kind == kind)
        .order_by(LegalText.version.desc())
        .limit(VERSIONS_SHOWN)
    )
    return list(db.session.scalars(statement))


def legal_text(kind: LegalKind, version: int | None = None) -> LegalText | None:
    """Return a legal text by version, the newest one without."""
    if version is None:
        return current_legal_texts().get(kind)
    return db.session.scalar(
        sa.select(LegalText).where(LegalText.kind == kind, LegalText.version == version)
    )
