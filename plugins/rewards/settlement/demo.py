"""Settlement in the demo: rates of partners, last month drawn up and partly approved."""

from collections.abc import Sequence
from datetime import timedelta

from plugins.rewards.models import Item
from plugins.rewards.settlement.acting import approve, set_rate
from plugins.rewards.settlement.drawing import draw_up
from plugins.rewards.settlement.states import Party
from portal.sdk import Demo, ProjectRef

_RATES = {"coffee": 4500, "ticket": 7000, "clean": 12_000}


def settle(project: ProjectRef, demo: Demo, items: Sequence[Item]) -> None:
    """Draw up the month before this one: the first partner's and the club's are approved."""
    clerk, head = demo.staff["staff"], demo.staff["manager"]
    first = demo.today.replace(day=1)
    last_month = f"{first - timedelta(days=1):%Y-%m}"
    for item in items:
        if item.cover in _RATES and item.kind in ("offer", "service"):
            set_rate(
                actor=clerk, project=project, item=item, month=last_month, fen=_RATES[item.cover]
            )
    made = draw_up(actor=clerk, project=project, month=last_month, at=demo.moment(0, 9))
    partners = [each for each in made if each.party == Party.PARTNER]
    for each in (*partners[:1], *(each for each in made if each.party == Party.CLUB)):
        approve(actor=head, statement=each)
