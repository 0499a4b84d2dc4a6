"""Facts for plugins: what happened to a member, kept for ever, which earning rules act on.

Sources and subjects belong to the plugin whose name they begin with.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from portal import clock
from portal.club.queries import current_club
from portal.earning import service
from portal.earning.kinds import Outcome
from portal.facts.service import NewFact
from portal.plugin_host.acting import check_acting
from portal.plugin_host.afterwards import is_on_for
from portal.plugin_host.refs import MemberRef, ProjectRef
from portal.plugin_host.state import host


def record_fact(
    *,
    source: str,
    key: str,
    member: MemberRef,
    project: ProjectRef | None = None,
    on: date | None = None,
    amount: int | None = None,
    category: str = "",
    facts: Mapping[str, Any] | None = None,
    subject: str | None = None,
) -> Mapping[str, int]:
    """Keep what happened to a member, in the caller's transaction; the club's rules give points.

    `source`: one of register_point_sources; `key`: which one, unique within the source for ever;
    `on`: the day that it happened (default: the club's today); `amount`: fen; `facts`: ids, codes
    and figures, no names; `subject`: "<plugin>:…", by which it may be withdrawn. Returns the
    milli-points that were given by currency; nothing when it was told before. Raises ValueError
    for a source or subject of another, or where the plugin is off; FactError.
    """
    plugin = _plugin(source)
    check_acting(plugin)
    if not is_on_for(plugin, project.id if project else None):
        raise ValueError(f"{plugin} is not on here: it records no facts")
    if subject is not None and subject.partition(":")[0] != plugin:
        raise _wrong_subject(subject)
    told = service.record_fact(
        actor=None,
        new=NewFact(
            source,
            key,
            on or clock.business_date(current_club().time_zone),
            member_id=member.id,
            project_id=project.id if project else None,
            category=category,
            amount=amount,
            subject=subject,
            facts=facts or {},
        ),
    )
    given: dict[str, int] = {}
    for decision in told.decisions:
        if decision.outcome == Outcome.POSTED:
            given[decision.currency] = given.get(decision.currency, 0) + decision.amount
    return given


def withdraw_facts(*, subject: str, on: date | None = None) -> int:
    """Withdraw every fact of the plugin about `subject`, also those that are still to come, and
    take back what was given for them; return how many postings.

    Raises ValueError for a subject of another plugin's, or of none."""
    plugin = subject.partition(":")[0]
    if plugin not in host().loaded:
        raise _wrong_subject(subject)
    check_acting(plugin)
    today = on or clock.business_date(current_club().time_zone)
    return service.withdraw_facts(actor=None, subject=subject, on=today, reason="plugin")


def _plugin(source: str) -> str:
    name = source.partition(".")[0]
    loaded = host().loaded.get(name)
    if loaded is None or source not in {each.key for each in loaded.point_sources}:
        raise ValueError(f"the source {source!r} is not declared by register_point_sources")
    return name


def _wrong_subject(subject: str) -> ValueError:
    return ValueError(f"the subject {subject!r} must begin with the plugin's name and a colon")
