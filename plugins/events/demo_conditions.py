"""Conditions of the demo's season: whom an activity is for, a window of tiers, quotas within."""

from datetime import timedelta

from plugins.events.counting import tier_key
from plugins.events.eligibility import Rules
from plugins.events.models import Occurrence, Quota, Window
from plugins.events.states import Counts
from portal.sdk import db, tiers

_BREAKFAST = {"zh_Hans_CN": "跑后早餐", "zh_Hant": "跑後早餐", "en": "Breakfast afterwards"}


def add_conditions(occurrence: Occurrence) -> None:
    """Give an activity of the season its conditions, by its title."""
    title = occurrence.event.title["zh_Hans_CN"]
    if title == "亲子运动会":
        occurrence.rules = Rules(home="home").as_json()
        _quota(occurrence, "children", Counts.CHILDREN, 40, {})
    if title == "周末晨跑":
        _quota(occurrence, "chosen:1", Counts.CHOSEN, 20, _BREAKFAST)
    if title == "迎春书法雅集":
        occurrence.rules = Rules(pause=3).as_json()
        # The two highest tiers come a day earlier, for half of the price, to eight seats each.
        for tier in tiers()[-2:]:
            first = occurrence.opens_at - timedelta(days=1)
            window = {"tier": tier.key, "opens_at": first, "price": occurrence.price // 2}
            db.session.add(Window(**_where(occurrence), **window))
            _quota(occurrence, tier_key(tier.key), Counts.TIER, 8, dict(tier.name))
            occurrence.first_opens_at = first


def _where(occurrence: Occurrence) -> dict[str, int]:
    return {"occurrence_id": occurrence.id, "project_id": occurrence.project_id}


def _quota(
    occurrence: Occurrence, key: str, counts: Counts, capacity: int, title: dict[str, str]
) -> None:
    quota = {"key": key, "counts": counts, "capacity": capacity, "title": title}
    db.session.add(Quota(**_where(occurrence), **quota))
