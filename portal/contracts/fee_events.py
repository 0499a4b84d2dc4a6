"""Telling that fees were paid."""

from collections.abc import Sequence

from portal.contracts.events import public_ids
from portal.contracts.models import Fee
from portal.members.models import Member
from portal.outbox.service import emit
from portal.projects.models import Unit


def tell_fees(fees: Sequence[Fee]) -> None:
    """Emit paid fees whose payer is known; the others wait until the home's owner is verified."""
    paid = [fee for fee in fees if fee.member_id is not None and fee.paid_on is not None]
    units = public_ids(Unit, {fee.unit_id for fee in paid})
    members = public_ids(Member, {fee.member_id or 0 for fee in paid})
    for fee in paid:
        emit(
            kind="fee.paid",
            project_id=fee.project_id,
            subject=("fee", fee.public_id),
            data={
                "unit": units[fee.unit_id],
                "member": members[fee.member_id or 0],
                "on": fee.paid_on.isoformat() if fee.paid_on else None,
                "category": fee.category,
                "period": fee.period,
            },
        )
