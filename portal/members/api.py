"""Oneself, for programs: who one is, profile, consent."""

from typing import Any

from portal.access import member_only, signed_in
from portal.accounts.current import current_account
from portal.accounts.service import accept_legal_texts
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import (
    Choice,
    Day,
    Flag,
    Input,
    Moment,
    Output,
    Text,
    Whole,
    list_of,
)
from portal.api.forms import checked, form_over
from portal.api.problems import invalid
from portal.club.models import LegalKind
from portal.club.queries import current_legal_texts
from portal.extensions import db
from portal.i18n import gettext
from portal.members.current import current_member, find_current_member
from portal.members.forms import ProfileForm
from portal.members.joining import consents_missing
from portal.members.models import Member, Salutation
from portal.members.names import NAME_MAX
from portal.members.queries import (
    phone_views,
)
from portal.members.service import (
    change_profile,
)
from portal.members.views import offer_months
from portal.permissions.current import current_rights
from portal.phones import mask_phone
from portal.tokens.current import current_token
from portal.tokens.models import TokenKind
from portal.tokens.queries import project_slugs

blueprint = ApiBlueprint("members_api", "portal.members", url_prefix="/api/v1", title="Oneself")
_MOST_VERSIONS = 100_000


class Consents(Input):
    """The versions that the reader has accepted: `version` of each text that GET /api/v1/legal
    shows, under its `kind`. Each text in force must be there, with its newest version; a kind that
    is not shown is left out."""

    terms = Whole(1, _MOST_VERSIONS)
    privacy = Whole(1, _MOST_VERSIONS)


class ProjectRights(Output):
    """What may be done in one project."""

    project = Text(40, metadata={"description": "The project's slug."})
    permissions = list_of(Text())


class Me(Output):
    """Whom the token stands for."""

    kind = Choice(TokenKind)
    name = Text(NAME_MAX)
    phone = Text(40, allow_none=True, metadata={"description": "Masked."})
    email = Text(254, allow_none=True)
    member_id = Text(22, allow_none=True, metadata={"description": "Null: not joined yet."})
    card_number = Text(12, allow_none=True)
    joined_on = Day(allow_none=True)
    consent_needed = Flag()
    permissions = list_of(Text(), metadata={"description": "Held club-wide."})
    projects = list_of(ProjectRights, metadata={"description": "What is held in one project only."})
    expires_at = Moment(allow_none=True)


class PhoneViewShown(Output):
    """Someone of the staff saw the full phone number."""

    by = Text()
    at = Moment()
    reason = Text(500)


class Profile(Output):
    """What is kept of the member."""

    name = Text(NAME_MAX)
    salutation = Choice(Salutation)
    birth_month = Whole(1, 12, allow_none=True)
    phone_views = list_of(PhoneViewShown)


class ProfileChange(Input):
    """What is to change; what is left out stays."""

    name = Text(NAME_MAX)
    salutation = Choice(Salutation)
    birth_month = Whole(1, 12, allow_none=True)


@blueprint.call("GET", "/me", Me)
@signed_in
def me() -> dict[str, Any]:
    """Show whom the token stands for, and what it may do, in the club and in single projects."""
    account, token, member = current_account(), current_token(), find_current_member()
    service, rights = token.kind == TokenKind.SERVICE, current_rights()
    slugs = project_slugs(rights.by_project.keys())
    return {
        "kind": token.kind,
        "name": member.name if member else account.display_name,
        "phone": mask_phone(account.phone) if account.phone else None,
        "email": None if service else account.email,
        "member_id": member.public_id if member else None,
        "card_number": member.card_number if member else None,
        "joined_on": member.joined_on if member else None,
        "consent_needed": member is not None and consents_missing(account),
        "permissions": sorted(rights.club),
        "projects": [
            {"project": slug, "permissions": sorted(rights.by_project[project_id])}
            for project_id, slug in slugs.items()
        ],
        "expires_at": token.expires_at,
    }


@blueprint.call("GET", "/me/profile", Profile)
@member_only
def profile() -> dict[str, Any]:
    """Show what is kept of the member, and who saw the full phone number."""
    return _profile(current_member())


@blueprint.call("PATCH", "/me/profile", Profile, body=ProfileChange)
@member_only
def change_own_profile(body: dict[str, Any]) -> dict[str, Any]:
    """Change name, salutation or month of birth."""
    member = current_member()
    present = {name: getattr(member, name) for name in ("name", "salutation", "birth_month")}
    form = form_over(ProfileForm, {**present, **body})
    offer_months(form)
    checked(form)
    change_profile(
        actor=current_account(),
        member=member,
        name=form.name.data or "",
        salutation=form.salutation.data,
        birth_month=form.birth_month.data or None,
    )
    db.session.commit()
    return _profile(member)


@blueprint.call("POST", "/me/consent", body=Consents)
@member_only
def consent(body: dict[str, int]) -> None:
    """Accept the texts in force."""
    wanted = {kind: text.version for kind, text in current_legal_texts().items()}
    if wanted != body:
        missing = next((kind for kind in LegalKind if wanted.get(kind) != body.get(kind)), "body")
        raise invalid(**{missing: gettext("Please read and accept each text to go on.")})
    accept_legal_texts(
        account=current_account(),
        legal_text_ids={text.id for text in current_legal_texts().values()},
    )
    db.session.commit()


def _profile(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "salutation": member.salutation,
        "birth_month": member.birth_month,
        "phone_views": phone_views(member),
    }
