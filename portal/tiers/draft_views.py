"""Editing a draft part by part: settings, figures, tiers with their conditions, benefits."""

from copy import deepcopy
from typing import Any, TypeVar

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import Conflict, NotFound
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.extensions import db
from portal.i18n import gettext
from portal.tiers import inputs, service
from portal.tiers.blueprint import blueprint
from portal.tiers.errors import TierError
from portal.tiers.forms import (
    BenefitForm,
    MetricForm,
    PartForm,
    SettingsForm,
    TierForm,
    benefit_data,
)
from portal.tiers.inputs import ConditionInput
from portal.tiers.kinds import VersionState
from portal.tiers.models import SchemeVersion
from portal.tiers.schema import FormError
from portal.tiers.scheme_views import newest_of
from portal.tiers.sentences import sentence
from portal.tiers.terms import Terms
from portal.tiers.versions import terms_of

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
NEW = "-new"
"""In an address, for what is not there yet: no key begins so."""
F = TypeVar("F", bound=PartForm)
_SETTINGS = ("pool", "period", "up", "keep_percent")
_DOWN = ("to", "whole_periods", "grace_days", "second_chance_days")


@blueprint.route("/centre/tiers/<slug>/draft/settings", methods=["GET", "POST"])
@requires("tiers.edit")
def edit_settings(slug: str) -> Page:
    """Edit when tiers move and whose figures count."""
    version = _draft(slug)
    body = deepcopy(version.body)
    form = _form(SettingsForm, version)
    if request.method == "GET":
        for name in _SETTINGS:
            form[name].data = body[name]
        form.down_when.data = body["down"]["when"]
        for name in _DOWN:
            form["down_to" if name == "to" else name].data = body["down"][name]
        return _render(version, form, "settings")
    if not form.validate():
        return _render(version, form, "settings"), 422
    body.update({name: form[name].data for name in _SETTINGS})
    body["down"] = {
        "when": form.down_when.data,
        **{name: form["down_to" if name == "to" else name].data for name in _DOWN},
    }
    return _save(version, form, "settings", body)


@blueprint.route("/centre/tiers/<slug>/draft/figures/<name>", methods=["GET", "POST"])
@requires("tiers.edit")
def edit_metric(slug: str, name: str) -> Page:
    """Edit a figure that conditions use, or add one ("-new")."""
    version = _draft(slug)
    body = deepcopy(version.body)
    part = _part(body["metrics"], name)
    form = _form(MetricForm, version)
    if request.method == "GET":
        if part is not None:
            form.fill(part)
        return _render(version, form, "metric", name)
    if not form.validate():
        return _render(version, form, "metric", name), 422
    _put(body["metrics"], part, {**(part or {}), **form.part()})
    return _save(version, form, "metric", body, name)


@blueprint.route("/centre/tiers/<slug>/draft/tiers/<name>", methods=["GET", "POST"])
@requires("tiers.edit")
def edit_tier(slug: str, name: str) -> Page:
    """Edit a tier and its conditions, or add one above the others ("-new")."""
    version = _draft(slug)
    terms = terms_of(version)
    body = deepcopy(version.body)
    part = _part(body["tiers"], name)
    tier = terms.tier(name)
    form = _form(TierForm, version)
    below = _below(terms, name)
    was_reach = inputs.shown("reach", terms, tier.reach if tier else None, below)
    was_keep = inputs.shown("keep", terms, tier.keep if tier else None, None)
    if request.method == "GET":
        if part is not None:
            for field in ("key", "color", "icon"):
                form[field].data = part[field]
            form.own_keep.data = part["keep"] is not None
            form.fill_texts("name", part["name"])
        return _render(version, form, "tier", name, was_reach, was_keep)
    reach, reached = _typed(terms, "reach", was_reach, part, below)
    keep, kept = _typed(terms, "keep", was_keep, part, None)
    if "more" in request.form:
        reach, keep = inputs.more(reach), inputs.more(keep)
        return _render(version, form, "tier", name, reach, keep)
    if not form.own_keep.data:
        keep, kept = was_keep, None
    if not form.validate() or reach.faulty or keep.faulty:
        return _render(version, form, "tier", name, reach, keep), 422
    made = {
        **(part or {"benefits": []}),
        "key": form.key.data,
        "name": form.texts("name"),
        "color": form.color.data,
        "icon": form.icon.data,
        "reach": reached,
        "keep": kept,
    }
    _put(body["tiers"], part, made)
    return _save(version, form, "tier", body, name, reach, keep)


@blueprint.route("/centre/tiers/<slug>/draft/tiers/<name>/benefits/<kind>", methods=["GET", "POST"])
@requires("tiers.edit")
def edit_benefit(slug: str, name: str, kind: str) -> Page:
    """Edit what a tier gives, or add something ("-new"); `kind` is the benefit's key."""
    version = _draft(slug)
    body = deepcopy(version.body)
    tier = _part(body["tiers"], name)
    if tier is None:
        raise NotFound
    part = _part(tier["benefits"], kind)
    form = _form(BenefitForm, version, benefit_data(part))
    if request.method == "GET":
        return _render(version, form, "benefit", kind)
    if "more" in request.form:
        form.add_project()
        return _render(version, form, "benefit", kind)
    if not form.validate():
        return _render(version, form, "benefit", kind), 422
    _put(tier["benefits"], part, form.part())
    return _save(version, form, "benefit", body, kind)


@blueprint.post("/centre/tiers/<slug>/draft/remove")
@requires("tiers.edit")
def change_parts(slug: str) -> Response:
    """Remove a figure, a tier or a benefit, move a tier up or down, or carry an old one over."""
    version = _draft(slug)
    body = deepcopy(version.body)
    act, key = request.form.get("act", ""), request.form.get("key", "")
    tiers = body["tiers"]
    if act == "carry":
        target = request.form.get("into", "")
        body["carry_over"] = {**body["carry_over"], key: target}
    elif act == "metric":
        body["metrics"] = [each for each in body["metrics"] if each["key"] != key]
    elif act == "benefit":
        tier = _part(tiers, request.form.get("tier", ""))
        if tier is None:
            raise NotFound
        tier["benefits"] = [each for each in tier["benefits"] if each["key"] != key]
    else:
        place = next((i for i, each in enumerate(tiers) if each["key"] == key), None)
        if place is None:
            raise NotFound
        tier = tiers.pop(place)
        if act in ("up", "down"):
            tiers.insert(max(place + (1 if act == "up" else -1), 0), tier)
    typed = request.form.get("revision", "")
    revision = int(typed) if typed.isdecimal() and len(typed) < 9 else 0
    try:
        service.save_draft(actor=current_account(), version=version, form=body, revision=revision)
    except TierError as error:
        db.session.rollback()
        raise Conflict(sentence(error)) from error
    except FormError as error:
        db.session.rollback()
        flash(_told(error), "error")
        return redirect(url_for("tiers.show_scheme", slug=slug), 303)
    db.session.commit()
    return redirect(url_for("tiers.show_scheme", slug=slug), 303)


def _draft(slug: str) -> SchemeVersion:
    version = newest_of(slug)
    if version.state == VersionState.PUBLISHED:
        raise Conflict(gettext("What is published is never changed. Begin a new version."))
    return version


def _form(kind: type[F], version: SchemeVersion, data: dict[str, Any] | None = None) -> F:
    form = kind(data=data)
    if request.method == "GET":
        form.revision.data = str(version.revision)
    return form


def _part(parts: list[dict[str, Any]], key: str) -> dict[str, Any] | None:
    """Return a part by its key, None for a new one. Raises 404."""
    if key == NEW:
        return None
    found = next((part for part in parts if part["key"] == key), None)
    if found is None:
        raise NotFound
    return found


def _put(parts: list[dict[str, Any]], before: dict[str, Any] | None, made: dict[str, Any]) -> None:
    if before is None:
        parts.append(made)
    else:
        parts[parts.index(before)] = made


def _typed(
    terms: Terms,
    prefix: str,
    was: ConditionInput,
    part: dict[str, Any] | None,
    below: str | None,
) -> tuple[ConditionInput, dict[str, Any] | None]:
    """Return what was typed, and its form: as it was where nothing else was typed."""
    if part is not None and was.kept is not None:
        return was, part[prefix]
    now, made = inputs.read(prefix, terms, request.form, below)
    return now, part[prefix] if part is not None and now == was else made


def _below(terms: Terms, key: str) -> str | None:
    """Return the tier under one, or under a new one."""
    keys = list(terms.ranks)
    place = keys.index(key) if key in keys else len(keys)
    return keys[place - 1] if place else None


def _save(
    version: SchemeVersion,
    form: PartForm,
    part: str,
    body: dict[str, Any],
    name: str = "",
    reach: ConditionInput | None = None,
    keep: ConditionInput | None = None,
) -> Page:
    slug = version.scheme.key
    typed = form.revision.data or ""
    revision = int(typed) if typed.isdecimal() and len(typed) < 9 else 0
    try:
        service.save_draft(actor=current_account(), version=version, form=body, revision=revision)
    except FormError as error:
        db.session.rollback()
        form.form_errors.append(_told(error))
        return _render(newest_of(slug), form, part, name, reach, keep), 422
    except TierError as error:
        db.session.rollback()
        form.form_errors.append(sentence(error))
        return _render(newest_of(slug), form, part, name, reach, keep), 409
    db.session.commit()
    flash(gettext("The draft is saved."))
    return redirect(url_for("tiers.show_scheme", slug=slug), 303)


def _told(error: FormError) -> str:
    parts = ", ".join(sorted({path for path, _text in error.faults}))
    return str(
        gettext(
            "This does not fit the rest of the draft (%(parts)s). Change what uses it first.",
            parts=parts,
        )
    )


def _render(
    version: SchemeVersion,
    form: PartForm,
    part: str,
    name: str = "",
    reach: ConditionInput | None = None,
    keep: ConditionInput | None = None,
) -> str:
    return render_template(
        "tiers/part.html",
        version=version,
        terms=terms_of(version),
        form=form,
        part=part,
        name=name,
        reach=reach,
        keep=keep,
    )
