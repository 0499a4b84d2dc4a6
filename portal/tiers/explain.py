"""Where a member stands: the tier, the figures, what is missing for the next one, what keeps it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from portal.extensions import db
from portal.members.models import Member
from portal.tiers.conditions import holds, ways
from portal.tiers.evaluate import today
from portal.tiers.kinds import OverrideState, Pool
from portal.tiers.metrics import Batch
from portal.tiers.models import History, Membership, Override
from portal.tiers.pipeline import members
from portal.tiers.rounds import Round, column_of, figure_keys
from portal.tiers.terms import Condition, Limit, Terms, Tier, Top
from portal.tiers.versions import InForce
from portal.tiers.words import (
    condition_text,
    figure_text,
    gettext,
    metric_name,
    missing_text,
    tier_name,
)

HISTORY_SHOWN = 50


@dataclass(frozen=True)
class Progress:
    """How far a figure is on its way; `share` is in thousandths."""

    name: str
    value: str
    target: str
    lack: str
    share: int


@dataclass(frozen=True)
class Standing:
    """A member's place in a scheme today, with live figures. `ways`: the nearest first."""

    found: InForce
    tier: Tier | None
    rank: int
    since: date | None
    valid_until: date | None
    grace_until: date | None
    second_chance_until: date | None
    lost: Tier | None
    override_until: date | None
    override_reason: str
    figures: Mapping[str, int]
    next: Tier | None
    ways: list[str]
    progress: Progress | None
    keeps: bool

    @property
    def terms(self) -> Terms:
        """Return the rules in force."""
        return self.found.terms

    @property
    def keep_text(self) -> str:
        """Return what keeps the tier; empty where nothing is asked."""
        condition = self.tier and self.terms.keeps(self.tier)
        return condition_text(self.terms, condition) if condition else ""

    @property
    def pooled(self) -> bool:
        """Tell whether the household's figures count together."""
        return self.terms.pool == Pool.HOUSEHOLD

    @property
    def shown(self) -> list[tuple[str, str]]:
        """Return every figure by its name."""
        return [
            (metric_name(metric), figure_text(metric, self.figures[metric.key]))
            for metric in self.terms.metrics
        ]


def standing(found: InForce, member: Member, *, on: date | None = None) -> Standing:
    """Return where a member stands in a scheme today: one statement."""
    row = db.session.execute(_stands(found, member, on or today())[0]).mappings().first()
    return _standing(found, row or {})


@dataclass(frozen=True)
class Story:
    """A member's standing in a scheme, the last changes, the newest first, and what was proposed
    or given by hand and is not over, by whom."""

    at: Standing
    history: list[History]
    open: list[Override]


def story(found: InForce, member: Member) -> Story:
    """Return what there is to tell of a member in a scheme: one statement."""
    on = today()
    statement, state = _stands(found, member, on)
    by_hand = sa.orm.aliased(Override, name="by_hand")
    here = (History.member_id == state.c.member_id, History.scheme_id == found.scheme_id)
    rows = db.session.execute(
        statement.add_columns(History, by_hand)
        .outerjoin(History, sa.and_(*here))
        .outerjoin(
            by_hand,
            sa.and_(
                by_hand.member_id == state.c.member_id,
                by_hand.scheme_id == found.scheme_id,
                by_hand.state.in_([OverrideState.PROPOSED, OverrideState.APPROVED]),
                by_hand.expires_on >= on,
            ),
        )
        .outerjoin(by_hand.made_by)
        .options(contains_eager(by_hand.made_by))
        .order_by(History.number.desc(), by_hand.created_at)
        # Of those by hand one may wait and one hold.
        .limit(2 * HISTORY_SHOWN)
    ).mappings().all()  # fmt: skip
    history = dict.fromkeys(row["History"] for row in rows if row["History"])
    given = dict.fromkeys(row["by_hand"] for row in rows if row["by_hand"])
    at = _standing(found, rows[0] if rows else {})
    return Story(at, list(history)[:HISTORY_SHOWN], list(given))


def _stands(found: InForce, member: Member, on: date) -> tuple[sa.Select[Any], Any]:
    """Return the statement of a member's state, figures and tier by hand, and its CTE."""
    this = Round(
        found.scheme_id, found.version_id, found.terms, on, Batch(ids=[member.id]), live=True
    )
    state = members(this)
    held = sa.and_(
        Membership.member_id == state.c.member_id, Membership.scheme_id == found.scheme_id
    )
    statement = (
        sa.select(state, Membership.since, Override.expires_on, Override.reason)
        .outerjoin(Membership, held)
        .outerjoin(Override, Override.id == state.c.override_id)
    )
    return statement, state


def _standing(found: InForce, known: Mapping[Any, Any]) -> Standing:
    terms = found.terms
    figures = {key: int(known.get(column_of(key), 0)) for key in figure_keys(terms)}
    tier = terms.tier(known.get("override_tier") or known.get("old_tier"))
    rank = terms.ranks[tier.key] if tier else 0
    higher = terms.tiers[rank] if rank < len(terms.tiers) else None
    near = _near(higher.reach, figures, higher.key) if higher else []
    keeps = tier is None or holds(terms.keeps(tier), figures, tier.key)
    return Standing(
        found=found,
        tier=tier,
        rank=rank,
        since=known.get("since"),
        valid_until=known.get("valid_until"),
        grace_until=known.get("grace_until"),
        second_chance_until=known.get("second_chance_until"),
        lost=terms.tier(known.get("lost")),
        override_until=known.get("expires_on"),
        override_reason=known.get("reason") or "",
        figures=figures,
        next=higher,
        ways=[_way_text(terms, way, figures) for way in near],
        progress=_progress(terms, near, figures),
        keeps=keeps,
    )


def why(found: InForce, member: Member) -> Iterator[str]:
    """Yield the lines of `portal tiers explain`."""
    at = standing(found, member)
    name = tier_name(at.terms, at.tier.key if at.tier else None)
    yield f"{found.key} (version {found.version}): {name}, since {at.since or '-'}"
    for title, value in at.shown:
        yield f"  {title}: {value}"
    if at.valid_until:
        yield f"  valid until {at.valid_until}"
    if at.override_until:
        yield f"  given by hand until {at.override_until}"
    if at.keep_text:
        yield f"  kept by {at.keep_text}: {'met' if at.keeps else 'not met'}"
    if at.next:
        yield f"  {tier_name(at.terms, at.next.key)}: {gettext(', or ').join(at.ways) or 'met'}"


Way = tuple[Limit | Top, ...]


def _near(condition: Condition | None, figures: Mapping[str, int], tier: str) -> list[Way]:
    """Return what is missing in each way of fulfilling a condition, the least first."""
    if condition is None or holds(condition, figures, tier):
        return []
    found: list[tuple[float, Way]] = []
    for way in ways(condition) or []:
        missing = tuple(leaf for leaf in way if not holds(leaf, figures, tier))
        found.append((sum(_gap(leaf, figures) for leaf in missing), missing))
    found.sort(key=lambda pair: pair[0])
    return [missing for _gap_of_way, missing in found][:3]


def _gap(leaf: Limit | Top, figures: Mapping[str, int]) -> float:
    """Return how much of a limit is missing, from 0 to 1."""
    if isinstance(leaf, Top) or not leaf.low:
        return 1.0
    return max(leaf.low - figures[leaf.metric], 0) / leaf.low


def _way_text(terms: Terms, way: Way, figures: Mapping[str, int]) -> str:
    parts = (missing_text(terms, leaf, figures.get(leaf.metric, 0)) for leaf in way)
    return gettext(" and ").join(parts)


def _progress(terms: Terms, near: list[Way], figures: Mapping[str, int]) -> Progress | None:
    """Return the bar: of the limit on points that is nearest, else of the nearest limit."""
    limits = [leaf for way in near for leaf in way if isinstance(leaf, Limit) and leaf.low]
    if not limits:
        return None
    first = min(limits, key=lambda leaf: (terms.metric(leaf.metric).kind != "points",
                                          _gap(leaf, figures)))  # fmt: skip
    metric, low = terms.metric(first.metric), first.low or 0
    value = figures[first.metric]
    return Progress(
        name=metric_name(metric),
        value=figure_text(metric, value),
        target=figure_text(metric, low),
        lack=figure_text(metric, max(low - value, 0)),
        share=min(value * 1000 // low, 1000),
    )
