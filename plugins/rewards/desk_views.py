"""The staff's orders: what to prepare, the desk that scans and hands out, what comes back."""

from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.rewards import desk, handling, queries
from plugins.rewards.blueprint import staff
from plugins.rewards.errors import RewardError
from plugins.rewards.models import Order
from plugins.rewards.order_views import fetch_days
from plugins.rewards.showing import plain_code, points, spaced
from plugins.rewards.states import State
from plugins.rewards.words import REFUSALS, STATES
from portal.sdk import (
    ExportFormat,
    current_account,
    current_project,
    db,
    export_file,
    gettext,
    localized,
    now,
    record,
    requires,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
SERVE = "rewards.serve"


@staff.get("/p/<project>/staff/rewards/orders")
@requires(SERVE)
def orders() -> str:
    """List the orders, those to prepare first, with what to pick from the shelf for them."""
    project, wanted = current_project(), desk.OrderFilter.read(request.args)
    page = desk.orders(project.id, wanted)
    picks = desk.pick_list(project.id) if wanted.state == State.PLACED else []
    return render_template("rewards/staff_orders.html", page=page, wanted=wanted, picks=picks)


@staff.post("/p/<project>/staff/rewards/orders.<kind>")
@requires(SERVE)
def export_orders(kind: str) -> Response:
    """Send the orders as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    project, wanted = current_project(), desk.OrderFilter.read(request.form)
    found = desk.all_orders(project.id, wanted)
    rows = [_row(order, name) for order, name in found]
    record(
        actor=current_account(),
        action="rewards.exported",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"format": kind, "rows": len(rows)},
    )
    db.session.commit()
    header = (
        gettext("Ordered at"), gettext("Title"), gettext("Pieces"), gettext("Points"),
        gettext("State"), gettext("Member"), gettext("Code of the order"),
        gettext("What the member wrote"),
    )  # fmt: skip
    return export_file(
        name=f"rewards-{project.slug}", kind=ExportFormat(kind), header=header, rows=rows
    )


@staff.get("/p/<project>/staff/rewards/orders/<public_id>")
@requires(SERVE)
def show_order(public_id: str) -> str:
    """Show an order and what can be done with it."""
    return _shown(public_id)


@staff.post("/p/<project>/staff/rewards/orders/<public_id>/step")
@requires(SERVE)
def step(public_id: str) -> Page:
    """Lead an order to its next state."""
    found, name = _find(public_id=public_id), request.form.get("step", "")
    act: dict[str, Any] = {"actor": current_account(), "order": found, "at": now()}
    reason = request.form.get("reason", "").strip()[:200]
    project = current_project()
    try:
        if name == "prepare":
            handling.prepare(**act, project=project, days=fetch_days())
        elif name == "hand_out":
            handling.hand_out(**act)
        elif name == "send":
            handling.send(**act, project=project)
        elif name == "refuse":
            handling.refuse(**act, project=project, reason=reason)
        elif name == "take_back":
            handling.take_back(**act, reason=reason)
        else:
            raise RewardError("ILLEGAL_STEP", state=found.state)
    except RewardError as error:
        db.session.rollback()
        return _shown(public_id, error), 422 if error.code == "NO_REASON" else 409
    db.session.commit()
    flash(gettext("Done. It stands at “%(state)s” now.", state=STATES[found.state][0]))
    if request.form.get("next") == "desk":
        return redirect(url_for("rewards_staff.desk_page"), 303)
    return redirect(url_for("rewards_staff.show_order", public_id=public_id), 303)


@staff.get("/p/<project>/staff/rewards/desk")
@requires(SERVE)
def desk_page() -> Page:
    """Look up a code that was scanned or typed, to hand out what it stands for."""
    typed = request.args.get("code", "")[:300]
    found = queries.order_of(current_project().id, code=plain_code(typed)) if typed else None
    refused = REFUSALS["UNKNOWN_CODE"] if typed and found is None else None
    member = desk.name_of(found) if found else ""
    return render_template(
        "rewards/desk.html", typed=typed, order=found, member=member, refused=refused, at=now()
    )


def _find(**key: str) -> Order:
    found = queries.order_of(current_project().id, **key)
    if found is None:
        raise NotFound
    return found


def _shown(public_id: str, refused: RewardError | None = None) -> str:
    found = _find(public_id=public_id)
    return render_template(
        "rewards/staff_order.html",
        order=found,
        item=found.item,
        member=desk.name_of(found),
        code=spaced(found.code),
        steps=queries.steps_of(found),
        allowed=desk.allowed(found, now()),
        refused=REFUSALS[refused.code] if refused else None,
        asked=request.form.get("step", ""),
        typed=request.form,
    )


def _row(order: Order, name: str) -> tuple[str | int | float | datetime, ...]:
    return (
        order.created_at, localized(order.title), order.quantity, points(order.total),
        str(STATES[order.state][0]), name, spaced(order.code), order.note,
    )  # fmt: skip
