"""The demo's series: yoga every week, one week left out, one date in another room."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from plugins.events.models import Occurrence
from plugins.events.searching import put_into_search
from plugins.events.series.copying import copy_event
from plugins.events.series.rules import Repeats, Rule
from plugins.events.series.service import make_dates
from plugins.events.states import State
from portal.sdk import Demo, ProjectRef, db

_HALL = {"zh_Hans_CN": "会所一层舞蹈室", "zh_Hant": "會所一層舞蹈室", "en": "Clubhouse, dance room"}


def repeat_weekly(occurrence: Occurrence, project: ProjectRef, demo: Demo) -> None:
    """Make the further dates of the activity of the season that is a series."""
    if occurrence.event.title["zh_Hans_CN"] != "晨间瑜伽":
        return
    first = occurrence.starts_at.astimezone(ZoneInfo(project.time_zone)).date()
    rule = Rule(Repeats.WEEKLY, first, weekdays=(first.weekday(),), count=10)
    made = make_dates(
        actor=demo.staff["staff"],
        project=project,
        pattern=occurrence,
        rule=rule,
        skipped=[first + timedelta(weeks=3)],
        at=demo.moment(0),
    )
    other = copy_event(occurrence.event)
    other.place = _HALL
    db.session.add(other)
    made[3].event, made[3].differs = other, True
    for each in made:
        each.state, each.submitted_by = State.SCHEDULED, occurrence.submitted_by
        each.opens_at = min(each.opens_at, each.closes_at - timedelta(days=14))
    db.session.flush()
    for each in made:
        put_into_search(each, project)
