"""The member's pages of claims: making one, following it, adding proof."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import member_only
from portal.accounts.current import current_account
from portal.claims import queries
from portal.claims.blueprint import blueprint
from portal.claims.conflicts import IllegalStepError
from portal.claims.errors import ClaimError, IllegalTransitionError
from portal.claims.forms import ClaimForm, ProofForm
from portal.claims.models import ClaimState, UnitClaim
from portal.claims.sentences import sentence
from portal.claims.service import (
    FILE_OWNER,
    PHOTO_LIMIT,
    add_proof,
    submit_claim,
    withdraw_claim,
)
from portal.extensions import db
from portal.files.errors import UploadError
from portal.files.limits import file_megabytes, takes_files
from portal.files.pictures import Picture, prepare_picture
from portal.files.queries import files_of
from portal.i18n import gettext
from portal.members.current import current_member
from portal.projects.models import Project
from portal.projects.queries import (
    address_title,
    all_projects,
    building_names,
    find_project,
)

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response


@blueprint.route("/me/claims/new", methods=["GET", "POST"], endpoint="new")
@member_only
@takes_files(PHOTO_LIMIT)
def new_claim() -> Page:
    """Claim a home: choose the project, then say which home, with photos of proof."""
    project = _chosen_project()
    if project is None:
        return render_template("claims/choose_project.html", projects=all_projects())
    form = ClaimForm(data={"name": current_member().name})
    if form.validate_on_submit():
        try:
            pictures = prepare_pictures(form.photos.data)
            # Decoding ended the transaction in which the project was read.
            return _submit(form, db.session.get_one(Project, project.id), pictures)
        except UploadError as error:
            form.photos.errors = [error.sentence]
        except ClaimError as error:
            db.session.rollback()
            field = form.photos if error.code.endswith(("photos", "needed")) else form.number
            field.errors = [sentence(error)]
    body = render_template(
        "claims/new.html",
        form=form,
        chosen=project,
        buildings=building_names(project.id),
        megabytes=file_megabytes(),
        photo_limit=PHOTO_LIMIT,
    )
    return (body, 422) if request.method == "POST" else body


@blueprint.get("/me/claims/<public_id>")
@member_only
def show(public_id: str) -> str:
    """Show where a claim stands, and what is asked of the member."""
    return _page_of(own_claim(public_id), ProofForm())


@blueprint.post("/me/claims/<public_id>/proof")
@member_only
@takes_files(PHOTO_LIMIT)
def more_proof(public_id: str) -> Page:
    """Add the photos that staff asked for."""
    claim = own_claim(public_id)
    form = ProofForm()
    form.validate()
    try:
        pictures = prepare_pictures(form.photos.data) if not form.errors else []
        if not form.errors:
            add_proof(
                actor=current_account(),
                member=current_member(),
                claim=own_claim(public_id),
                pictures=pictures,
                note=form.note.data or "",
            )
            db.session.commit()
            flash(gettext("Thank you. The claim is in review again."))
            return redirect(url_for("claims.show", public_id=public_id), 303)
    except UploadError as error:
        form.photos.errors = [error.sentence]
    except ClaimError as error:
        db.session.rollback()
        form.photos.errors = [sentence(error)]
    except IllegalTransitionError as error:
        raise IllegalStepError(queries.shown_state(error.state)) from error
    return _page_of(own_claim(claim.public_id), form), 422


@blueprint.post("/me/claims/<public_id>/withdraw")
@member_only
def withdraw(public_id: str) -> Response:
    """Take a claim back."""
    claim = own_claim(public_id)
    try:
        withdraw_claim(actor=current_account(), claim=claim)
    except IllegalTransitionError as error:
        raise IllegalStepError(queries.shown_state(error.state)) from error
    db.session.commit()
    flash(gettext("The claim is withdrawn."))
    return redirect(url_for("projects.my_homes"), 303)


def prepare_pictures(uploads: Sequence[FileStorage]) -> list[Picture]:
    """Decode the photos of a form while no transaction is open. Raises UploadError, ClaimError."""
    # A forged form may send text where files belong.
    files = [upload for upload in uploads or () if isinstance(upload, FileStorage)]
    given = [upload for upload in files if upload.filename]
    if not given:
        return []
    if len(given) > PHOTO_LIMIT:
        raise ClaimError("too_many_photos")
    db.session.rollback()
    return [prepare_picture(upload, megabytes=file_megabytes()) for upload in given]


def _submit(form: ClaimForm, project: Project, pictures: list[Picture]) -> Response:
    claim = submit_claim(
        actor=current_account(),
        member=current_member(),
        project=project,
        building=form.building.data or "",
        entrance=form.entrance.data or "",
        number=form.number.data or "",
        role=form.role.data,
        name=form.name.data or "",
        pictures=pictures,
    )
    verified = claim.state == ClaimState.APPROVED
    db.session.commit()
    if verified:
        flash(gettext("Name and number match the sales office's list: the home is verified."))
        return redirect(url_for("projects.my_homes"), 303)
    flash(gettext("Thank you. Staff check the claim within three working days."))
    return redirect(url_for("claims.show", public_id=claim.public_id), 303)


def _page_of(claim: UnitClaim, form: ProofForm) -> str:
    return render_template(
        "claims/show.html",
        claim=claim,
        state=queries.shown_state(claim.state),
        title=address_title(claim.building, claim.entrance, claim.number),
        history=queries.history_for_claimant(claim),
        photos=files_of(FILE_OWNER, claim.public_id),
        form=form,
        megabytes=file_megabytes(),
        photo_limit=PHOTO_LIMIT,
    )


def own_claim(public_id: str) -> UnitClaim:
    """Return one of the member's own claims; raises 404."""
    claim = queries.claim_of(current_member().id, public_id)
    if claim is None:
        raise NotFound
    return claim


def _chosen_project() -> Project | None:
    slug = request.args.get("project")
    if slug:
        project = find_project(slug)
        if project is None:
            raise NotFound
        return project
    projects = all_projects()
    return projects[0] if len(projects) == 1 else None
