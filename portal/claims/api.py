"""Claims of homes, for programs: made, followed, answered, withdrawn, and decided by staff."""

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_smorest.fields import Upload
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound

from portal.access import member_only
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Input, Moment, Output, Text, list_of
from portal.api.forms import checked, form_over
from portal.api.problems import Problem, invalid, refused
from portal.claims import queries
from portal.claims.errors import ClaimError, IllegalTransitionError
from portal.claims.forms import ClaimForm, ProofForm
from portal.claims.models import ClaimEvent, ClaimReason, ClaimState, UnitClaim
from portal.claims.sentences import sentence
from portal.claims.service import (
    FILE_OWNER,
    PHOTO_LIMIT,
    add_proof,
    submit_claim,
    withdraw_claim,
)
from portal.claims.views import own_claim, prepare_pictures
from portal.extensions import db
from portal.files.errors import UploadError
from portal.files.limits import takes_files
from portal.files.pictures import Picture
from portal.files.queries import files_of
from portal.i18n import gettext
from portal.members.current import current_member
from portal.projects.models import Project, Role
from portal.projects.queries import address_title, find_project
from portal.words import title_of

blueprint = ApiBlueprint("claims_api", "portal.claims", url_prefix="/api/v1", title="Claims")
_PHOTOS = (
    "A part of the form for each, all named photos: image/jpeg, image/png or image/webp, each of "
    "12 MB at most unless the operator has set another limit; four at a time, twelve for a claim."
)
_MOVED = {409: "The claim stands elsewhere now (`state`), where this is not possible."}


class ClaimShown(Output):
    """A member's claim."""

    id = Text(22)
    project = Text(40, metadata={"description": "The project's slug."})
    title = Text()
    building = Text(40)
    entrance = Text(20)
    number = Text(20)
    role = Choice(Role)
    name = Text(80)
    state = Choice(ClaimState)
    state_title = Text()
    created_at = Moment()
    decided_at = Moment(allow_none=True)


class ClaimsShown(Output):
    """Claims in progress and those that were refused, newest first."""

    items = list_of(ClaimShown)


class Step(Output):
    """One step of a claim."""

    state = Choice(ClaimState)
    reason = Choice(ClaimReason)
    reason_title = Text()
    note = Text(500)
    at = Moment()


class ClaimDetail(ClaimShown):
    """A claim with its steps and its photos."""

    history = list_of(Step)
    photos = list_of(Text(22), metadata={"description": "Ids for GET /api/v1/files/{id}."})


class ClaimWish(Input):
    """Which home; with photos of proof unless the roster knows name and phone."""

    project = Text(40, required=True, metadata={"description": "The project's slug."})
    building = Text(40, required=True)
    entrance = Text(20)
    number = Text(20, required=True)
    role = Choice(Role, required=True)
    name = Text(80, metadata={"description": "As in the deed; the member's own without."})
    photos = list_of(Upload(), metadata={"description": _PHOTOS})


class Proof(Input):
    """More photos, and a line to the staff."""

    note = Text(500)
    photos = list_of(Upload(), metadata={"description": _PHOTOS})


@blueprint.call("GET", "/me/claims", ClaimsShown)
@member_only
def claims() -> dict[str, Any]:
    """List the member's claims."""
    return {"items": [shown(each) for each in queries.unsettled_claims(current_member().id)]}


@blueprint.call("GET", "/me/claims/<public_id>", ClaimDetail)
@member_only
def claim(public_id: str) -> dict[str, Any]:
    """Show where a claim stands, and what was said."""
    return _detail(own_claim(public_id))


@blueprint.call("POST", "/me/claims", ClaimDetail, status=201, form=ClaimWish)
@member_only
@takes_files(PHOTO_LIMIT)
def new_claim(form: Mapping[str, Any]) -> dict[str, Any]:
    """Claim a home: the roster's name and phone verify it at once, else staff look at photos."""
    values = {"name": current_member().name, **form}
    filled = checked(form_over(ClaimForm, values))
    project = find_project(form["project"])
    if project is None:
        raise invalid(project=gettext("There is no such project."))
    pictures = _pictures()
    try:
        made = submit_claim(
            actor=current_account(),
            member=current_member(),
            # Decoding ended the transaction in which the project was read.
            project=db.session.get_one(Project, project.id),
            building=filled.building.data or "",
            entrance=filled.entrance.data or "",
            number=filled.number.data or "",
            role=filled.role.data,
            name=filled.name.data or "",
            pictures=pictures,
        )
    except ClaimError as error:
        raise _refused(error) from error
    public_id = made.public_id
    db.session.commit()
    return _detail(own_claim(public_id))


@blueprint.call("POST", "/me/claims/<public_id>/proof", ClaimDetail, form=Proof, errors=_MOVED)
@member_only
@takes_files(PHOTO_LIMIT)
def more_proof(public_id: str, form: Mapping[str, Any]) -> dict[str, Any]:
    """Add the photos that staff asked for."""
    own_claim(public_id)
    filled = checked(form_over(ProofForm, form))
    pictures = _pictures()
    try:
        add_proof(
            actor=current_account(),
            member=current_member(),
            claim=own_claim(public_id),
            pictures=pictures,
            note=filled.note.data or "",
        )
    except ClaimError as error:
        raise _refused(error) from error
    except IllegalTransitionError as error:
        raise moved(queries.shown_state(error.state)) from error
    db.session.commit()
    return _detail(own_claim(public_id))


@blueprint.call("POST", "/me/claims/<public_id>/withdraw", ClaimDetail, errors=_MOVED)
@member_only
def withdraw(public_id: str) -> dict[str, Any]:
    """Take a claim back."""
    try:
        withdraw_claim(actor=current_account(), claim=own_claim(public_id))
    except IllegalTransitionError as error:
        raise moved(queries.shown_state(error.state)) from error
    db.session.commit()
    return _detail(own_claim(public_id))


def moved(state: str) -> Problem:
    """Return the 409 that names where the claim stands."""
    sentence = gettext(
        "This claim stands at “%(state)s” now.", state=title_of("claim_state", state)
    )
    return Problem(409, "illegal_step", detail=sentence, extra={"state": state})


def shown(found: UnitClaim) -> dict[str, Any]:
    """Return a claim as its claimant may see it."""
    state = queries.shown_state(found.state)
    return {
        "id": found.public_id,
        "project": found.project.slug,
        "title": address_title(found.building, found.entrance, found.number),
        "building": found.building,
        "entrance": found.entrance,
        "number": found.number,
        "role": found.role,
        "name": found.name,
        "state": state,
        "state_title": str(title_of("claim_state", state)),
        "created_at": found.created_at,
        "decided_at": found.decided_at,
    }


def step(event: ClaimEvent) -> dict[str, Any]:
    """Return a step of a claim."""
    return {
        "state": event.to_state,
        "reason": event.reason,
        "reason_title": str(title_of("claim_reason", event.reason)),
        "note": event.note,
        "at": event.created_at,
    }


def _detail(found: UnitClaim | None) -> dict[str, Any]:
    if found is None:
        raise NotFound
    return {
        **shown(found),
        "history": [step(event) for event in queries.history_for_claimant(found)],
        "photos": [photo.public_id for photo in files_of(FILE_OWNER, found.public_id)],
    }


def _pictures() -> list[Picture]:
    photos: list[FileStorage] = request.files.getlist("photos")
    try:
        return prepare_pictures(photos)
    except UploadError as error:
        raise refused(error.code, error.sentence, "photos") from error
    except ClaimError as error:
        raise _refused(error) from error


def _refused(error: ClaimError) -> Problem:
    field = "photos" if error.code.endswith(("photos", "needed")) else "number"
    return refused(error.code, sentence(error), field)
