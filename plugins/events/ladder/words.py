"""What the ladder says to members and to the concierge alike."""

from collections.abc import Mapping
from datetime import datetime

from plugins.events.eligibility import Reason
from plugins.events.ladder.models import Appealed, Cause, Mark, Penalty, Policy, Voided
from plugins.events.ladder.rules import Standing, Step
from plugins.events.showing import moment
from portal.sdk import gettext, lazy, ngettext

CAUSES: Mapping[str, object] = {
    Cause.NO_SHOW: lazy("Did not come"),
    Cause.LATE: lazy("Cancelled late"),
}
VOIDED: Mapping[str, object] = {
    Voided.EXCUSED: lazy("Excused"),
    Voided.WEATHER: lazy("Waived for everybody"),
    Voided.CALLED_OFF: lazy("The activity was called off"),
    Voided.APPEAL: lazy("The appeal was granted"),
}
APPEALS: Mapping[str, tuple[object, str]] = {
    Appealed.OPEN: (lazy("Appeal under review"), "gold"),
    Appealed.GRANTED: (lazy("Appeal granted"), "green"),
    Appealed.REFUSED: (lazy("Appeal refused"), "rose"),
}


def marks(number: int) -> str:
    """Return so many marks in words."""
    return ngettext("%(num)d mark", "%(num)d marks", number)


def sentences(policy: Policy) -> list[str]:
    """Return a version in plain words, a sentence for each thing that it says."""
    found = []
    if policy.no_show_weight:
        many = marks(policy.no_show_weight)
        found.append(gettext("Not coming without being excused counts as %(marks)s.", marks=many))
    if policy.late_weight:
        many = marks(policy.late_weight)
        found.append(gettext("Cancelling after the deadline counts as %(marks)s.", marks=many))
    found += [
        gettext(
            "From %(marks)s on you are warned; nothing else changes.", marks=marks(policy.warn_from)
        ),
        gettext(
            "From %(marks)s on registration opens %(hours)s hours later for you.",
            marks=marks(policy.later_from),
            hours=policy.later_hours,
        ),
        gettext(
            "From %(marks)s on you may only join waiting lists, and as much later.",
            marks=marks(policy.queue_from),
        ),
        gettext(
            "A mark ends after %(days)s days; holidays that the club has set do not count.",
            days=policy.days,
        ),
        gettext("Waiting for seats, or letting an offer go, never counts."),
    ]
    if policy.late_weight and policy.notice_hours:
        found.append(
            gettext(
                "Nor does cancelling when seats came free for you less than %(hours)s hours before "
                "the beginning.",
                hours=policy.notice_hours,
            )
        )
    found.append(
        gettext(
            "What the club calls off or waives for the weather does not count. You may appeal "
            "against each mark; somebody else of the staff decides."
        )
    )
    return found


def reasons(standing: Standing) -> list[Reason]:
    """Return the line of "may I join" that marks add, none for who has none."""
    if standing.policy is None or standing.step == Step.NONE or standing.ends is None:
        return []
    hint = gettext(
        "%(marks)s now; the next one ends on %(at)s. See “My record”.",
        marks=marks(standing.marks),
        at=moment(standing.ends),
    )
    # A code is for refusals; a later opening is told by its time.
    code = "WAITING_LIST_ONLY" if standing.queue_only else ""
    return [Reason(standing.step == Step.WARNING, meaning(standing), hint, code)]


def meaning(standing: Standing) -> str:
    """Return what the marks mean for the next registration."""
    policy = standing.policy
    if policy is None or standing.step == Step.NONE:
        return gettext("Nothing counts against you: you register like everybody.")
    if standing.step == Step.WARNING:
        return gettext(
            "A warning: you register like everybody, but from %(marks)s on it opens %(hours)s "
            "hours later for you.",
            marks=marks(policy.later_from),
            hours=policy.later_hours,
        )
    if standing.step == Step.LATER:
        return ngettext(
            "Registration opens %(num)d hour later for you.",
            "Registration opens %(num)d hours later for you.",
            policy.later_hours,
        )
    return ngettext(
        "You may only join waiting lists now, %(num)d hour after the others.",
        "You may only join waiting lists now, %(num)d hours after the others.",
        policy.later_hours,
    )


def of_member(standing: Standing) -> str:
    """Return the marks that count against somebody, as staff read them."""
    many = marks(standing.marks)
    if standing.queue_only:
        return gettext("%(marks)s: waiting list only", marks=many)
    return gettext("%(marks)s for not coming", marks=many)


def mark_state(mark: Penalty, at: datetime) -> tuple[object, str]:
    """Return a mark's word and tone at a time."""
    if mark.state == Mark.VOID:
        return VOIDED[mark.voided_for or ""], "green"
    if mark.expires_at <= at:
        return gettext("Ended"), ""
    return gettext("Counts"), "rose"
