"""Schemes for the administrator: what holds, who has what, proposing and publishing a draft."""

from collections.abc import Iterator
from datetime import date

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import Conflict, NotFound
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.audit.service import record
from portal.exports import ExportFormat, export_file
from portal.extensions import db, read_only
from portal.i18n import gettext
from portal.tiers import preview, queries, service, standard
from portal.tiers.blueprint import blueprint
from portal.tiers.errors import TierError
from portal.tiers.evaluate import today
from portal.tiers.forms import NameForm, ProposeForm, SchemeForm
from portal.tiers.kinds import VersionState
from portal.tiers.models import SchemeVersion
from portal.tiers.sentences import fault_text, sentence
from portal.tiers.versions import in_force, terms_of
from portal.tiers.words import MOVE_TITLES, figures_text, tier_name

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response


@blueprint.get("/centre/tiers")
@requires("tiers.edit")
def schemes() -> str:
    """Show every scheme: what holds, how many members have what, and where its draft stands."""
    return _index(SchemeForm(formdata=None))


@blueprint.post("/centre/tiers")
@requires("tiers.edit")
def add_scheme() -> Page:
    """Begin a scheme with the usual ladder as its draft."""
    form = SchemeForm()
    name = form.texts("name")
    if not form.validate() or not name:
        if not name:
            form.form_errors.append(gettext("Give the scheme a name."))
        return _index(form), 422
    try:
        service.create_scheme(
            actor=current_account(),
            key=form.key.data or "",
            name=name,
            is_club=bool(form.is_club.data),
            form=standard.FORM,
        )
    except TierError as error:
        db.session.rollback()
        form.form_errors.append(sentence(error))
        return _index(form), 422
    db.session.commit()
    return redirect(url_for("tiers.show_scheme", slug=form.key.data), 303)


@blueprint.get("/centre/tiers/<slug>")
@requires("tiers.edit")
def show_scheme(slug: str) -> str:
    """Show a scheme's draft or its newest rules, who lands where, and its versions."""
    return _show(slug, ProposeForm(formdata=None))


@blueprint.route("/centre/tiers/<slug>/name", methods=["GET", "POST"])
@requires("tiers.publish")
def rename(slug: str) -> Page:
    """Call a scheme something else, or make it the club's."""
    version = newest_of(slug)
    scheme, form = version.scheme, NameForm()
    if request.method == "GET":
        form.fill_texts("name", scheme.name)
        form.is_club.data = scheme.is_club
        return render_template("tiers/name.html", version=version, form=form)
    if not form.validate():
        return render_template("tiers/name.html", version=version, form=form), 422
    name, is_club = form.texts("name"), bool(form.is_club.data)
    try:
        service.rename_scheme(actor=current_account(), scheme=scheme, name=name, is_club=is_club)
    except TierError as error:
        db.session.rollback()
        form.form_errors.append(sentence(error))
        return render_template("tiers/name.html", version=newest_of(slug), form=form), 422
    db.session.commit()
    flash(gettext("The name is saved."))
    return redirect(url_for("tiers.show_scheme", slug=slug), 303)


@blueprint.post("/centre/tiers/<slug>/draft")
@requires("tiers.edit")
def start_draft(slug: str) -> Response:
    """Begin the next version."""
    newest = newest_of(slug)
    try:
        service.start_draft(actor=current_account(), scheme=newest.scheme)
    except TierError as error:
        db.session.rollback()
        raise Conflict(sentence(error)) from error
    db.session.commit()
    return redirect(url_for("tiers.show_scheme", slug=slug), 303)


@blueprint.post("/centre/tiers/<slug>/propose")
@requires("tiers.edit")
def propose(slug: str) -> Page:
    """Ask a colleague to publish the draft."""
    form = ProposeForm()
    if not form.validate():
        return _show(slug, form), 422
    assert form.begins_on.data is not None
    try:
        service.propose(
            actor=current_account(), version=newest_of(slug), begins_on=form.begins_on.data
        )
    except TierError as error:
        db.session.rollback()
        if error.code == "changed_meanwhile":
            raise Conflict(sentence(error)) from error
        form.begins_on.errors = [sentence(error)]
        return _show(slug, form), 422
    db.session.commit()
    flash(gettext("Proposed. A colleague has to publish it."))
    return redirect(url_for("tiers.show_scheme", slug=slug), 303)


@blueprint.post("/centre/tiers/<slug>/publish")
@requires("tiers.publish")
def publish(slug: str) -> Response:
    """Publish what a colleague proposed."""
    try:
        service.publish(actor=current_account(), version=newest_of(slug))
    except TierError as error:
        db.session.rollback()
        raise Conflict(sentence(error)) from error
    db.session.commit()
    flash(gettext("Published. It is never changed; a new version replaces it."))
    return redirect(url_for("tiers.show_scheme", slug=slug), 303)


@blueprint.post("/centre/tiers/<slug>/discard")
@requires("tiers.edit")
def discard(slug: str) -> Response:
    """Throw the draft away."""
    version = newest_of(slug)
    first = version.version == 1
    try:
        service.discard(actor=current_account(), version=version)
    except TierError as error:
        db.session.rollback()
        raise Conflict(sentence(error)) from error
    db.session.commit()
    flash(gettext("The draft is gone."))
    where = url_for("tiers.schemes") if first else url_for("tiers.show_scheme", slug=slug)
    return redirect(where, 303)


@blueprint.get("/centre/tiers/<slug>/moves")
@requires("tiers.edit")
def moves(slug: str) -> str:
    """List who would move under the draft, a page at a time."""
    version = newest_of(slug)
    page = preview.landings(version, on=day_of(version))
    return render_template("tiers/moves.html", version=version, terms=terms_of(version), page=page)


@blueprint.post("/centre/tiers/<slug>/moves.<kind>")
@requires("members.export")
def export_moves(slug: str, kind: str) -> Response:
    """Give who would move as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    scheme = newest_of(slug).scheme
    record(
        actor=current_account(),
        action="tiers.moves_exported",
        subject=("tier_scheme", scheme.public_id),
        project_id=None,
        facts={"scheme": scheme.key, "format": kind},
    )
    db.session.commit()
    # Writing is done: others need not wait while the rows are read.
    read_only.set(True)
    header = (
        gettext("Card number"),
        gettext("Tier before"),
        gettext("Tier after"),
        gettext("What happened"),
        gettext("Figures"),
    )
    rows = _moved(newest_of(slug))
    return export_file(name=f"tiers-{slug}", kind=ExportFormat(kind), header=header, rows=rows)


def newest_of(slug: str) -> SchemeVersion:
    """Return the newest version of a scheme, its scheme loaded. Raises 404."""
    versions = queries.versions_of(slug)
    if not versions:
        raise NotFound
    return versions[0]


def day_of(version: SchemeVersion) -> date:
    """Return the day for which a version is looked at: its first one, or today."""
    return max(version.begins_on or today(), today())


def _moved(version: SchemeVersion) -> Iterator[tuple[object, ...]]:
    terms, on, cursor = terms_of(version), day_of(version), None
    while True:
        page = preview.landings(version, on=on, size=2_000, cursor=cursor)
        for row in page.items:
            yield (
                row.card_number,
                tier_name(terms, row.before),
                tier_name(terms, row.after),
                str(MOVE_TITLES[row.move]),
                figures_text(terms, row.figures),
            )
        if (cursor := page.next_cursor) is None:
            return


def _index(form: SchemeForm) -> str:
    return render_template(
        "tiers/schemes.html",
        form=form,
        schemes=in_force(today()),
        newest=queries.newest_versions(),
        people=queries.people_by_tier(),
        terms_of=terms_of,
    )


def _show(slug: str, form: ProposeForm) -> str:
    versions = queries.versions_of(slug)
    if not versions:
        raise NotFound
    newest = versions[0]
    terms = terms_of(newest)
    is_open = newest.state != VersionState.PUBLISHED
    faults = service.faults_of_draft(newest) if is_open else []
    counts = preview.moves_of(newest, on=day_of(newest)) if is_open and not faults else {}
    return render_template(
        "tiers/scheme.html",
        version=newest,
        versions=versions,
        terms=terms,
        is_open=is_open,
        faults=[fault_text(terms, fault) for fault in faults],
        landing=preview.by_tier(terms, counts),
        people=queries.people_by_tier(),
        uncarried=service.tiers_left(newest) if is_open else [],
        form=form,
        reader=current_account(),
    )
