"""What bench.chaos_web runs: the portal with a clock that a file moves, and who gives points.

`gunicorn bench.chaos_app:app` serves the portal; PORTAL_HOME/clock says by how many seconds its
clock is ahead.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from portal import clock, create_app

POINTS = 10_000
"""Milli-points that each new member is given by a job."""


def follow_clock() -> None:
    """Let the portal's clock of this process go by the file, which somebody may change."""
    file = Path(os.environ["PORTAL_HOME"]) / "clock"

    def moved() -> datetime:
        now = datetime.now(UTC)
        try:
            return now + timedelta(seconds=float(file.read_text() or 0))
        except FileNotFoundError:
            return now

    clock.source = moved


def give_points(event: Any) -> None:
    """Be the subscriber of new members: one posting each, under the event's key."""
    from portal.extensions import db
    from portal.members.models import Member
    from portal.points.kinds import NEVER
    from portal.points.service import post
    from portal.points.terms import Holder, Terms, Why

    member = db.session.query(Member).filter_by(public_id=event.subject[1]).one()
    post(
        actor=None, holder=Holder.member(member.id), amount=POINTS, key=f"chaos:{event.id}",
        why=Why("chaos"), terms=Terms(expires_on=NEVER),
    )  # fmt: skip


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(name)
    follow_clock()
    return create_app()
