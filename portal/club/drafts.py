"""The built-in terms of membership and privacy notice: what a new club starts from.

A club's lawyers replace them on the settings page; each replacement is a new version.
"""

from pathlib import Path

from portal.club.models import LegalKind
from portal.columns import Texts
from portal.i18n import LANGUAGES

_FOLDER = Path(__file__).parent / "legal"


def legal_draft(kind: LegalKind) -> Texts:
    """Return a built-in legal text as Markdown in every language of the portal."""
    return {
        language: (_FOLDER / f"{kind}.{language}.md").read_text("utf-8") for language in LANGUAGES
    }
