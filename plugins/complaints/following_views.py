"""What staff do around a case: promises with a day, other hands, joining and taking apart."""

from collections.abc import Callable

from flask import flash, redirect, render_template, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.complaints import handling, merging, promising, queries
from plugins.complaints.blueprint import staff
from plugins.complaints.errors import CaseError
from plugins.complaints.following_forms import (
    ExtendForm,
    MergeForm,
    PromiseForm,
    TransferForm,
)
from plugins.complaints.identity import Reader
from plugins.complaints.models import Case, Promise
from plugins.complaints.moderation_views import MODERATE
from plugins.complaints.staff_views import CENTRE, HANDLE, StaleError, rank
from plugins.complaints.states import LIVE
from plugins.complaints.words import REFUSALS
from portal.sdk import (
    business_date,
    colleagues,
    current_account,
    current_project,
    db,
    gettext,
    localized,
    requires,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response


@staff.route("/p/<project>/staff/complaints/<public_id>/promise", methods=["GET", "POST"])
@requires(HANDLE)
def promise(public_id: str) -> Page:
    """Promise the owner something by a day."""
    case, form, project = _case(public_id), PromiseForm(), current_project()

    def act() -> None:
        promising.promise(
            actor=current_account(),
            case_id=case.id,
            project=project,
            body=form.body.data or "",
            due_on=form.due_on.data or business_date(project.time_zone),
            version=form.version.data or 0,
        )

    return _form_page(case, form, act, gettext("Promised. The owner reads it."), "promise")


@staff.post("/p/<project>/staff/complaints/promises/<public_id>/keep")
@requires(HANDLE)
def keep(public_id: str) -> Response:
    """Say that a promise is kept."""
    project = current_project()
    found = db.session.scalar(
        db.select(Promise).where(Promise.public_id == public_id, Promise.project_id == project.id)
    )
    if found is None:
        raise NotFound
    case = db.session.get_one(Case, found.case_id)
    return _done(
        case,
        lambda: promising.keep(actor=current_account(), promise_id=found.id, project=project),
        gettext("Kept. The owner reads it."),
    )


@staff.route("/p/<project>/staff/complaints/<public_id>/transfer", methods=["GET", "POST"])
@requires(HANDLE)
def transfer(public_id: str) -> Page:
    """Put a case into other hands: a colleague's, or those of another category."""
    case, form, project = _case(public_id), TransferForm(), current_project()
    staff_here = {each.public_id: each for each in colleagues(HANDLE, project)}
    kinds = {each.public_id: each for each in queries.categories(project.id)}
    form.offer(
        [(key, each.name) for key, each in staff_here.items()],
        [(key, localized(each.title)) for key, each in kinds.items()],
    )

    def act() -> None:
        version = form.version.data or 0
        if form.category.data:
            moved = promising.move(
                actor=current_account(),
                case_id=case.id,
                project=project,
                category=kinds[form.category.data],
                reason=form.body.data or "",
                version=version,
            )
            version = moved.version
        if form.colleague.data:
            to = staff_here[form.colleague.data]
            promising.transfer(
                actor=current_account(),
                case_id=case.id,
                to_id=to.id,
                to_name=to.name,
                version=version,
            )

    return _form_page(case, form, act, gettext("Handed over."), "transfer")


@staff.route("/p/<project>/staff/complaints/<public_id>/merge", methods=["GET", "POST"])
@requires(MODERATE)
def merge(public_id: str) -> Page:
    """Join a complaint into another about the same trouble."""
    case, form, project = _case(public_id), MergeForm(), current_project()

    def act() -> None:
        into = merging.find_by_code(project.id, form.code.data or "")
        if into is None:
            raise CaseError("NO_MERGE")
        merging.merge(actor=current_account(), case_id=case.id, into_id=into.id, project=project)

    return _form_page(
        case,
        form,
        act,
        gettext("Joined. The owner was told, and may ask for it to be taken apart."),
        "merge",
    )


@staff.route("/p/<project>/staff/complaints/<public_id>/extend", methods=["GET", "POST"])
@requires(CENTRE)
def extend(public_id: str) -> Page:
    """Give a solution more time, with a reason that the owner reads."""
    case, form = _case(public_id), ExtendForm()

    def act() -> None:
        handling.extend(
            actor=current_account(),
            case_id=case.id,
            project=current_project(),
            hours=form.hours.data or 1,
            reason=form.body.data or "",
            version=form.version.data or 0,
        )

    return _form_page(case, form, act, gettext("Extended. The owner reads why."), "extend")


@staff.post("/p/<project>/staff/complaints/<public_id>/unmerge")
@requires(MODERATE)
def unmerge(public_id: str) -> Response:
    """Take a joined complaint apart again."""
    case, project = _case(public_id), current_project()
    return _done(
        case,
        lambda: merging.unmerge(actor=current_account(), case_id=case.id, project=project),
        gettext("Taken apart. Its clocks run on."),
    )


def _form_page(
    case: Case,
    form: PromiseForm | TransferForm | MergeForm | ExtendForm,
    act: Callable[[], object],
    said: str,
    kind: str,
) -> Page:
    refused, public_id = "", case.public_id
    if form.validate_on_submit():
        try:
            act()
            db.session.commit()
            flash(said)
            return redirect(url_for("complaints_staff.show", public_id=public_id), 303)
        except CaseError as error:
            db.session.rollback()
            refused = error.code
            case = _case(public_id)
            form.version.data, form.version.raw_data = case.version, None
    elif case.state not in LIVE and not form.is_submitted():
        raise StaleError(CaseError("CLOSED", state=case.state, version=case.version))
    page = render_template(
        "complaints/following.html",
        case=case,
        form=form,
        kind=kind,
        reader=Reader(staff=True, rank=rank()),
        similar=queries.similar(case.project_id, Reader(staff=True), case.title),
        refused=REFUSALS.get(refused),
    )
    status = {"OWN_CASE": 403, "NO_MERGE": 422, "DAY": 422}.get(refused, 409)
    return page, status if refused else 422 if form.errors else 200


def _done(case: Case, act: Callable[[], object], said: str) -> Response:
    public_id = case.public_id
    try:
        act()
    except CaseError as error:
        db.session.rollback()
        raise StaleError(error) from error
    db.session.commit()
    flash(said)
    return redirect(url_for("complaints_staff.show", public_id=public_id), 303)


def _case(public_id: str) -> Case:
    found = queries.find(current_project().id, Reader(staff=True), public_id)
    if found is None:
        raise NotFound
    return found
