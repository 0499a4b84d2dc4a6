"""Evaluating by the clock and when something happens."""

from datetime import date, time
from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.jobs.registry import JobRun, job
from portal.members.models import Member
from portal.outbox.registry import DomainEvent, subscribe
from portal.projects.models import Ownership
from portal.tiers import evaluate
from portal.tiers.service import EVALUATE
from portal.tiers.versions import in_force


@job("tiers.evaluate_nightly", at=time(1, 20), long=True)
def evaluate_nightly(run: JobRun) -> None:
    """Evaluate everybody in every scheme, in batches that a restart takes up again."""
    _evaluate(run, None)


@job(EVALUATE, long=True)
def evaluate_scheme(run: JobRun) -> None:
    """Evaluate everybody in one scheme, which was published just now."""
    _evaluate(run, run.payload["scheme"])


def _evaluate(run: JobRun, scheme: str | None) -> None:
    on = date.fromisoformat(run.payload["on"]) if "on" in run.payload else evaluate.today()
    done = run.done
    finished = list(run.payload.get("finished", ()))
    for found in in_force(on, scheme=scheme):
        if found.key in finished:
            continue
        evaluate.begin_period(found, on)
        after = int(run.payload.get("after", 0))
        while (batch := evaluate.evaluate_batch(found, on=on, after=after)).after is not None:
            after, done = batch.after, done + batch.members
            run.checkpoint(done=done, payload={**_place(run, on, finished), "after": after})
        evaluate.end_period(found, on)
        finished.append(found.key)
        run.checkpoint(done=done, payload=_place(run, on, finished))


def _place(run: JobRun, on: date, finished: list[str]) -> dict[str, Any]:
    """Return where the run stands; a run that goes on after midnight stays with its day."""
    return {
        **{key: value for key, value in run.payload.items() if key != "after"},
        "on": on.isoformat(),
        "finished": finished,
    }


_COUNTED = frozenset({"earn", "award", "mature", "deduct", "forfeit", "reverse"})
_ABOUT_A_HOME = frozenset({"ownership.started", "ownership.role_changed", "ownership.ended"})
_ABOUT_A_MEMBER = frozenset({"member.joined", "member.moved", "facts.changed"})
_NAMING_A_MEMBER = frozenset(
    {
        "claim.decided",
        "contract.signed",
        "contract.paid",
        "contract.cancelled",
        "contract.corrected",
        "fee.paid",
        "points.posted",
    }
)


def moves_tiers(event: DomainEvent) -> bool:
    """Tell whether an event may change somebody's tier."""
    if event.kind == "points.posted" and event.data.get("kind") not in _COUNTED:
        return False
    if event.kind in _NAMING_A_MEMBER:
        return event.data.get("member") is not None
    return event.kind in _ABOUT_A_MEMBER | _ABOUT_A_HOME


@subscribe(None, name="tiers.evaluate_member", wants=moves_tiers)
def evaluate_member(event: DomainEvent) -> None:
    """Evaluate whom an event is about, as the nightly run would, and their households where a
    scheme pools those; after a move, the household that was left too."""
    if event.kind in _ABOUT_A_HOME:
        about: sa.ColumnElement[bool] = Member.id.in_(
            sa.select(Ownership.member_id).where(Ownership.public_id == event.subject[1])
        )
    else:
        about = Member.public_id == (event.data.get("member") or event.subject[1])
    if event.kind == "member.moved":
        about = sa.or_(about, Member.household.has(public_id=event.data["left"]))
    ids = db.session.scalars(sa.select(Member.id).where(about)).all()
    if ids:
        evaluate.evaluate_members(ids)
