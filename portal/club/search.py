"""The club's legal texts as things to find, for everybody."""

import re
from collections.abc import Sequence

import sqlalchemy as sa

from portal.club.models import LegalText
from portal.club.words import LEGAL_TITLES
from portal.extensions import db
from portal.i18n import lazy
from portal.search import audiences
from portal.search.documents import Document, Source, in_all_languages, own_id

_MARKS = re.compile(r"^[#>*-]+ |\*\*", re.MULTILINE)
"""What Markdown writes around words."""


def sources() -> list[Source]:
    """Return the legal texts in force."""
    return [
        Source(
            kind="legal",
            title=lazy("Terms and notices"),
            icon="info-circle",
            model=LegalText,
            describe=_texts,
            watched={LegalText: own_id},
            staff=False,
            order=90,
        )
    ]


def _texts(ids: Sequence[int]) -> list[Document]:
    later = sa.orm.aliased(LegalText)
    newest = sa.select(LegalText).where(
        LegalText.id.in_(ids),
        ~sa.exists().where(later.kind == LegalText.kind, later.version > LegalText.version),
    )
    titles = {
        kind: in_all_languages(lambda: str(title))  # noqa: B023 - called at once
        for kind, title in LEGAL_TITLES.items()
    }
    return [
        Document(
            key=text.kind,
            row_id=text.id,
            title=titles[text.kind],
            body={language: _MARKS.sub("", body) for language, body in text.body.items()},
            url=("club.legal", {"kind": text.kind}),
            audiences=[audiences.PUBLIC],
            updated_at=text.published_at,
        )
        for text in db.session.scalars(newest)
    ]
