"""The sentences for what can be wrong with tiers."""

from portal.i18n import Text, lazy
from portal.tiers.checks import Fault
from portal.tiers.errors import TierError
from portal.tiers.terms import Terms
from portal.tiers.words import figure_text, metric_name, tier_name

SENTENCES: dict[str, Text] = {
    "key_taken": lazy("There is a scheme with this key, or another one is the club's."),
    "name_needed": lazy("Give the scheme a name."),
    "club_needed": lazy("One scheme is the club's: make another one that instead."),
    "not_in_force": lazy("This scheme is not in force yet; its tiers cannot be the club's."),
    "draft_exists": lazy("There is a draft already; edit that one."),
    "changed_meanwhile": lazy("A colleague changed this meanwhile. Open the page anew."),
    "begins_in_past": lazy("Rules begin today or later."),
    "own_proposal": lazy("This is your own proposal: a colleague has to decide on it."),
    "own_tier": lazy("Nobody gives a tier to themselves."),
    "not_publishable": lazy("These rules cannot be published yet."),
    "unknown_tier": lazy("Choose one of the tiers."),
    "reason_needed": lazy("Say why: the owner reads it."),
    "expiry_invalid": lazy("Choose a last day from today on, within three years."),
    "proposed_already": lazy("A proposal for this member waits already."),
    "decided_already": lazy("A colleague has decided on this already."),
}
_FAULTS: dict[str, Text] = {
    "falls_every_night": lazy(
        "Falling at once, one step at a time, would go on every night: set days of grace."
    ),
    "anniversary_has_no_start": lazy(
        "With periods from each member's day of joining there is no common first day: choose "
        "calendar periods, or going up at once and no percentages."
    ),
    "top_in_keep": lazy("%(first)s: a percentage can be reached, not kept."),
    "two_tops": lazy("%(first)s: one percentage at most."),
    "top_needs_keep": lazy("%(first)s: say what keeps a tier that is reached by a percentage."),
    "top_of_higher": lazy("%(first)s: the best of %(second)s cannot move up to a lower tier."),
    "too_many_ways": lazy("%(first)s: the condition branches too often to be understood."),
    "never_holds": lazy("%(first)s: no figure of “%(metric)s” can fulfil the condition."),
    "not_rising": lazy(
        "%(first)s and %(second)s clash: “%(metric)s” must rise from one tier to the next."
    ),
    "bands_overlap": lazy(
        "%(first)s and %(second)s clash: their bands of “%(metric)s” overlap at %(figure)s."
    ),
    "bands_gap": lazy(
        "%(first)s and %(second)s clash: their bands of “%(metric)s” leave a gap at %(figure)s."
    ),
    "not_carried_over": lazy(
        "“%(key)s” is a tier of the rules in force: say which tier it is carried over into."
    ),
}


def sentence(error: TierError) -> str:
    """Say in the reader's language what is wrong."""
    return str(SENTENCES.get(error.code, error.code))


def fault_text(terms: Terms, fault: Fault) -> str:
    """Say what keeps rules from being published, naming what clashes."""
    names = [tier_name(terms, key) for key in fault.tiers]
    values: dict[str, object] = {
        "first": names[0] if names else "",
        "second": names[1] if len(names) > 1 else "",
        "key": fault.tiers[0] if fault.tiers else "",
        "metric": "",
        "figure": "",
    }
    if fault.metric:
        metric = terms.metric(fault.metric)
        values["metric"] = metric_name(metric)
        if "figure" in fault.values:
            values["figure"] = figure_text(metric, int(str(fault.values["figure"])))
    return str(_FAULTS[fault.code]) % values
