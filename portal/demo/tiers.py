"""The demo's ladder, and how its people came to their steps."""

from datetime import date

from portal.demo.stage import Stage
from portal.extensions import db
from portal.tiers import evaluate, service, standard
from portal.tiers.versions import in_force

SINCE = 365 * 5 + 40
"""Days ago that the ladder began: before anybody of the demo joined."""
CAST_LOOKED_AT = (1243, 1238, 1190, 1180, 903, 898, 212, 205, 20, 12, 6, 3, 2, 1, 0)
"""Days ago on which something happened to somebody of the cast."""
ALL_LOOKED_AT = (700, 350, 0)
"""Days ago on which everybody was evaluated, besides the first day of this year: neighbours joined
and moved in between."""


def add_tiers(stage: Stage) -> None:
    """Publish the usual ladder and evaluate everybody on some days of the past, and today."""
    service.install(
        key="club",
        name=standard.NAME,
        form=standard.FORM,
        begins_on=stage.day(SINCE),
        is_club=True,
    )
    cast = [member.id for member in stage.members.values()]
    first_days = [(stage.today - date(stage.today.year - back, 1, 1)).days for back in range(3)]
    everybody = {*ALL_LOOKED_AT, first_days[0]}
    days = sorted({*CAST_LOOKED_AT, *first_days, *everybody}, reverse=True)
    for days_ago in days:
        on = stage.day(days_ago)
        if days_ago not in everybody:
            evaluate.evaluate_members(cast, on=on, quiet=True)
            continue
        for found in in_force(on):
            after = 0
            while True:
                batch = evaluate.evaluate_batch(found, on=on, after=after, quiet=True)
                if batch.after is None:
                    break
                after = batch.after
            evaluate.end_period(found, on)
    db.session.expire_all()
