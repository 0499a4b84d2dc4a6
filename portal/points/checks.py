"""What plugins may say against a posting in a project where they are on."""

from dataclasses import dataclass

from portal.points.errors import PointsError
from portal.points.kinds import Kind
from portal.points.terms import Holder, Why
from portal.slots import plugin_objections

HOOK = "check_points_posting"


@dataclass(frozen=True)
class PointsRequest:
    """A posting that is about to be made: `kind` is earn, award, spend, deduct, forfeit or hold.

    `holder_kind` and `holder_id` say whose points; `amount` is in milli-points.
    """

    kind: str
    holder_kind: str
    holder_id: int
    amount: int
    currency: str
    source: str
    source_key: str


def ask_plugins(kind: Kind, holder: Holder, amount: int, currency: str, why: Why) -> None:
    """Ask the plugins of the posting's project. Raises PointsError("refused") with their words."""
    if why.project_id is None:
        return
    request = PointsRequest(
        kind, holder.kind, holder.id, amount, currency, why.source, why.source_key
    )
    objections = plugin_objections(HOOK, why.project_id, posting=request)
    if objections:
        raise PointsError("refused", *objections)
