"""The words of the club: names of its texts, and what its files are owned by."""

from portal.club.models import LegalKind
from portal.i18n import Text, lazy

LEGAL_TITLES: dict[str, Text] = {
    LegalKind.TERMS: lazy("Terms of membership"),
    LegalKind.PRIVACY: lazy("Privacy notice"),
}

LOGO_OWNER = "club"
