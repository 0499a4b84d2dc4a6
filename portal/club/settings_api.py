"""The club's settings and its legal texts, for the group centre's programs."""

from collections.abc import Mapping
from typing import Any

from flask_smorest.fields import Upload

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Flag, Input, Output, Text, Whole, list_of, texts_of
from portal.api.forms import checked, form_over
from portal.api.problems import conflict, refused
from portal.club import service
from portal.club.api import Legal, legal_shown
from portal.club.forms import LONGEST_LEGAL_TEXT, ClubForm, LegalTextForm
from portal.club.models import Club, LegalKind
from portal.club.queries import CLUB_ID, current_club
from portal.club.service import ClubError
from portal.club.staff_views import LOGO_MEGABYTES, legal_sentence, settings_of
from portal.club.views import MOST_VERSIONS
from portal.club.words import LOGO_OWNER
from portal.extensions import db
from portal.files.errors import UploadError
from portal.files.limits import takes_files
from portal.files.pictures import prepare_picture
from portal.files.service import store_picture
from portal.i18n import LANGUAGES, gettext

blueprint = ApiBlueprint(
    "club_settings_api",
    "portal.club",
    url_prefix="/api/v1/centre/club",
    title="The club's settings",
)


class ClubSettingsShown(Output):
    """The club's settings, its texts in every language."""

    name = texts_of(40)
    tagline = texts_of(60)
    brand_color = Text(7)
    languages = list_of(Choice(tuple(LANGUAGES)))
    default_language = Choice(tuple(LANGUAGES))
    mail_sender = Text(254, allow_none=True)
    contact_phone = Text(40, allow_none=True)
    contact_email = Text(254, allow_none=True)
    has_logo = Flag()


class ClubSettingsChange(Input):
    """What is to change; what is left out stays."""

    name = texts_of(40)
    tagline = texts_of(60)
    brand_color = Text(7, metadata={"description": "#rrggbb, dark enough for white text."})
    languages = list_of(Choice(tuple(LANGUAGES)))
    default_language = Choice(tuple(LANGUAGES))
    mail_sender = Text(254, allow_none=True)
    contact_phone = Text(40, allow_none=True)
    contact_email = Text(254, allow_none=True)


class LogoWish(Input):
    """A picture: JPEG, PNG or WebP."""

    logo = Upload(required=True)


class LegalWish(Input):
    """A new version, in Markdown by language."""

    body = texts_of(LONGEST_LEGAL_TEXT, required=True)
    after = Whole(
        0,
        MOST_VERSIONS,
        required=True,
        metadata={"description": "The version that it was written from; 0 for the first."},
    )


@blueprint.call("GET", "", ClubSettingsShown)
@requires("club.settings")
def settings() -> dict[str, Any]:
    """Show the club's settings."""
    return _shown(current_club())


@blueprint.call("PATCH", "", ClubSettingsShown, body=ClubSettingsChange)
@requires("club.settings")
def change_settings(body: dict[str, Any]) -> dict[str, Any]:
    """Change the club's names, colour, languages or contact."""
    wanted = {**_shown(current_club()), **body}
    values = {key: wanted[key] for key in ClubSettingsChange().fields if key not in _TEXTS}
    for key in _TEXTS:
        values |= {f"{key}_{language}": text for language, text in wanted[key].items()}
    form = checked(form_over(ClubForm, values))
    club = service.change_settings(actor=current_account(), settings=settings_of(form))
    db.session.commit()
    return _shown(club)


@blueprint.call("PUT", "/logo", ClubSettingsShown, files=LogoWish)
@requires("club.settings")
@takes_files(1)
def logo(files: Mapping[str, Any]) -> dict[str, Any]:
    """Show this picture as the club's logo."""
    # Decoded while no transaction is open.
    db.session.rollback()
    try:
        picture = prepare_picture(files["logo"], megabytes=LOGO_MEGABYTES)
    except UploadError as error:
        raise refused(error.code, error.sentence, "logo") from error
    club = db.session.get(Club, CLUB_ID)
    if club is None:
        raise conflict("not_set_up", gettext("Give the club its name first."))
    file = store_picture(
        actor=current_account(),
        upload=picture,
        owner_kind=LOGO_OWNER,
        owner_key="1",
        project_id=None,
    )
    service.set_logo(actor=current_account(), club=club, logo_file_id=file.id)
    db.session.commit()
    return _shown(club)


@blueprint.call("DELETE", "/logo")
@requires("club.settings")
def remove_logo() -> None:
    """Show no logo."""
    club = db.session.get(Club, CLUB_ID)
    if club is not None and club.logo_file_id:
        service.set_logo(actor=current_account(), club=club, logo_file_id=None)
        db.session.commit()


@blueprint.call(
    "POST",
    "/legal/<any(terms,privacy):kind>",
    Legal,
    status=201,
    body=LegalWish,
    errors={409: "Another version was published meanwhile (type …:superseded)."},
)
@requires("club.settings")
def publish(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Publish a new version; members are asked at their next sign-in."""
    values = {f"body_{language}": text for language, text in body["body"].items()}
    form = checked(form_over(LegalTextForm, values))
    try:
        text = service.publish_legal_text(
            actor=current_account(),
            kind=LegalKind(kind),
            body=form.texts("body"),
            after=body["after"],
        )
    except ClubError as error:
        db.session.rollback()
        code = error.args[0]
        if code == "superseded":
            raise conflict(code, legal_sentence(code)) from error
        raise refused(code, legal_sentence(code)) from error
    db.session.commit()
    return legal_shown(text)


_TEXTS = ("name", "tagline")


def _shown(club: Club) -> dict[str, Any]:
    return {
        **{name: getattr(club, name) for name in ClubSettingsChange().fields},
        "has_logo": club.logo_file_id is not None,
    }
