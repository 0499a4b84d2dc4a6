"""What contracts wait for: a verified buyer, told by an event or found by the nightly look."""

from datetime import time

import sqlalchemy as sa

from portal.contracts.attaching import AT_ONCE, attach_homes, waiting_homes
from portal.extensions import db
from portal.jobs.registry import JobRun, job
from portal.outbox.registry import DomainEvent, subscribe
from portal.projects.models import Unit


@subscribe("ownership.started", name="contracts.attach")
def attach_contracts(event: DomainEvent) -> None:
    """Give what waits for a home to whoever was verified in it."""
    _attach(event)


@subscribe("ownership.role_changed", name="contracts.attach_role")
def attach_after_role(event: DomainEvent) -> None:
    """Give what waits for a home to whoever became its owner."""
    _attach(event)


@job("contracts.sweep", at=time(2, 40), long=True)
def attach_all(run: JobRun) -> None:
    """Look once more: a contract and a verification may have been written at the same moment."""
    after = run.payload.get("after", 0)
    done = run.done
    while homes := waiting_homes(after):
        done += attach_homes(homes)
        after = homes[-1]
        run.checkpoint(done=done, payload={**run.payload, "after": after})
        if len(homes) < AT_ONCE:
            return


def _attach(event: DomainEvent) -> None:
    unit_id = db.session.scalar(sa.select(Unit.id).where(Unit.public_id == event.data["unit"]))
    if unit_id is not None:
        attach_homes([unit_id])
