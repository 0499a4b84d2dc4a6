"""Changing the club's settings and publishing its legal texts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.club.colors import LEAST_CONTRAST, contrast_with_white, is_color
from portal.club.models import Club, LegalKind, LegalText
from portal.club.queries import CLUB_ID, legal_text
from portal.extensions import db
from portal.i18n import LANGUAGES

SUBJECT = ("club", "1")


class ClubError(Exception):
    """The settings cannot be so; the text is a code.

    color, contrast, languages, name_missing, body_missing, unchanged, superseded.
    """


@dataclass(frozen=True)
class ClubSettings:
    """What a club may set. Texts are {language: text}; `brand_color` is #rrggbb."""

    name: Mapping[str, str]
    tagline: Mapping[str, str]
    brand_color: str
    languages: Sequence[str]
    default_language: str
    mail_sender: str | None
    contact_phone: str | None
    contact_email: str | None


def change_settings(*, actor: Account, settings: ClubSettings) -> Club:
    """Put settings in force; the audit row names the columns that changed.

    Raises ClubError("color"), ("contrast"), ("languages") or ("name_missing").
    """
    if not is_color(settings.brand_color):
        raise ClubError("color")
    if contrast_with_white(settings.brand_color) < LEAST_CONTRAST:
        raise ClubError("contrast")
    offered = [language for language in LANGUAGES if language in settings.languages]
    if settings.default_language not in offered:
        raise ClubError("languages")
    if not settings.name.get(settings.default_language):
        raise ClubError("name_missing")
    values = asdict(settings) | {"languages": offered}
    club = db.session.get(Club, CLUB_ID)
    if club is None:
        club = Club(**values)
        db.session.add(club)
        changed = sorted(values)
    else:
        changed = sorted(key for key, value in values.items() if getattr(club, key) != value)
        for key in changed:
            setattr(club, key, values[key])
    if changed:
        record(
            actor=actor,
            action="club.changed",
            subject=SUBJECT,
            project_id=None,
            facts={"columns": changed},
        )
    db.session.flush()
    return club


def set_logo(*, actor: Account, club: Club, logo_file_id: int | None) -> None:
    """Show this picture as the club's logo, or none."""
    club.logo_file_id = logo_file_id
    record(
        actor=actor,
        action="club.logo_changed",
        subject=SUBJECT,
        project_id=None,
        facts={"file_id": logo_file_id},
    )


def publish_legal_text(
    *, actor: Account, kind: LegalKind, body: Mapping[str, str], after: int
) -> LegalText:
    """Publish a new version of a text; the ones before stay as they are.

    `body`: {language: Markdown}; `after`: the version it was written from, 0 for the first.
    Raises ClubError("body_missing"), ("unchanged") or ("superseded") when another was published
    meanwhile.
    """
    texts = {language: text for language, text in body.items() if text}
    club = db.session.get(Club, CLUB_ID)
    if not texts.get(club.default_language if club else next(iter(LANGUAGES))):
        raise ClubError("body_missing")
    newest = legal_text(kind)
    if (newest.version if newest else 0) != after:
        raise ClubError("superseded")
    if newest is not None and dict(newest.body) == texts:
        raise ClubError("unchanged")
    text = LegalText(kind=kind, version=after + 1, body=texts, published_at=clock.now())
    try:
        with db.session.begin_nested():
            db.session.add(text)
    except IntegrityError as error:
        raise ClubError("superseded") from error
    record(
        actor=actor,
        action="club.legal_text_published",
        subject=("legal_text", f"{kind}-{text.version}"),
        project_id=None,
    )
    return text
