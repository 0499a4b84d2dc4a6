"""The group centre's pages for brand, contact and legal texts."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.club import service
from portal.club.blueprint import blueprint
from portal.club.colors import contrast_with_white
from portal.club.forms import ClubForm, LegalTextForm
from portal.club.models import LegalKind
from portal.club.queries import current_club, current_legal_texts, legal_text, versions_of
from portal.club.service import ClubError, ClubSettings
from portal.club.words import LEGAL_TITLES, LOGO_OWNER
from portal.extensions import db
from portal.files.errors import UploadError
from portal.files.pictures import Picture, prepare_picture
from portal.files.service import store_picture
from portal.i18n import gettext

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
LOGO_MEGABYTES = 2


@blueprint.route("/centre/club", methods=["GET", "POST"])
@requires("club.settings")
def settings() -> Page:
    """Change the club's names, colour, logo, languages and contact."""
    club = current_club()
    form = ClubForm(obj=club) if request.method == "GET" else ClubForm()
    if request.method == "GET":
        form.fill_texts("name", club.name)
        form.fill_texts("tagline", club.tagline)
        return _show_settings(form)
    if not form.validate():
        return _show_settings(form, 422)
    try:
        logo = _logo(form)
    except UploadError as error:
        form.logo_upload.errors = [str(error.sentence)]
        return _show_settings(form, 422)
    actor = current_account()
    club = service.change_settings(actor=actor, settings=settings_of(form))
    if logo is not None:
        file = store_picture(
            actor=actor, upload=logo, owner_kind=LOGO_OWNER, owner_key="1", project_id=None
        )
        service.set_logo(actor=actor, club=club, logo_file_id=file.id)
    elif form.remove_logo.data and club.logo_file_id:
        service.set_logo(actor=actor, club=club, logo_file_id=None)
    db.session.commit()
    flash(gettext("The club's settings are saved."))
    return redirect(url_for("club.settings"), 303)


@blueprint.route("/centre/club/legal/<kind>", methods=["GET", "POST"])
@requires("club.settings")
def edit_legal(kind: str) -> Page:
    """Publish a new version of the terms or the privacy notice; nothing published is edited."""
    if kind not in set(LegalKind):
        raise NotFound
    newest = legal_text(LegalKind(kind))
    form = LegalTextForm()
    if request.method == "GET":
        form.after.data = str(newest.version if newest else 0)
        form.fill_texts("body", newest.body if newest else {})
        return _show_legal(kind, form)
    if not form.validate():
        return _show_legal(kind, form, 422)
    typed = form.after.data or ""
    after = int(typed) if typed.isdecimal() else -1
    try:
        text = service.publish_legal_text(
            actor=current_account(), kind=LegalKind(kind), body=form.texts("body"), after=after
        )
    except ClubError as error:
        db.session.rollback()
        # What was typed is now to be put over the version that was published meanwhile.
        if str(error) == "superseded":
            form.after.data = str(newest.version if newest else 0)
        form.form_errors.append(legal_sentence(str(error)))
        return _show_legal(kind, form, 409 if str(error) == "superseded" else 422)
    db.session.commit()
    flash(
        gettext(
            "Version %(version)s is in force. Members are asked at their next sign-in.",
            version=text.version,
        )
    )
    return redirect(url_for("club.edit_legal", kind=kind), 303)


def settings_of(form: ClubForm) -> ClubSettings:
    """Return what a form that is in order asks for."""
    return ClubSettings(
        name=form.texts("name"),
        tagline=form.texts("tagline"),
        brand_color=form.brand_color.data or "",
        languages=form.languages.data or [],
        default_language=form.default_language.data or "",
        mail_sender=form.mail_sender.data or None,
        contact_phone=form.contact_phone.data or None,
        contact_email=form.contact_email.data or None,
    )


def _logo(form: ClubForm) -> Picture | None:
    """Return the uploaded logo, decoded while no transaction is open. Raises UploadError."""
    if not form.logo_upload.data:
        return None
    db.session.rollback()
    return prepare_picture(form.logo_upload.data, megabytes=LOGO_MEGABYTES)


def legal_sentence(code: str) -> str:
    """Return why a legal text was not published."""
    return {
        "body_missing": gettext("Write the text in the club's main language at least."),
        "unchanged": gettext("This is the same as the version in force. Nothing was published."),
        "superseded": gettext(
            "Another version was published while you wrote. Compare, then publish yours over it."
        ),
    }[code]


def _show_settings(form: ClubForm, status: int = 200) -> tuple[str, int]:
    club = current_club()
    body = render_template(
        "club/settings.html",
        form=form,
        contrast=contrast_with_white(club.brand_color),
        legal_texts=current_legal_texts(),
        legal_titles=LEGAL_TITLES,
    )
    return body, status


def _show_legal(kind: str, form: LegalTextForm, status: int = 200) -> tuple[str, int]:
    versions = versions_of(LegalKind(kind))
    body = render_template(
        "club/edit_legal.html",
        form=form,
        kind=kind,
        title=LEGAL_TITLES[kind],
        versions=versions,
        newest=versions[0] if versions else None,
    )
    return body, status
