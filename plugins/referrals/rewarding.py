"""What the club's earning rules hear of a lead: each stage once, taken back with the purchase.

Rules give the points, with their caps and budgets; `nth` makes a ladder of referrals. Only the
owner of the lead itself is named: there is no reward for the referral of a referral.
"""

from datetime import date

from plugins.referrals.models import Lead
from plugins.referrals.states import State
from portal.sdk import MemberRef, PointSource, ProjectRef, lazy, record_fact, withdraw_facts

REWARDED = (State.VISITED, State.SUBSCRIBED, State.SIGNED, State.PAID)


def tell_rules(
    *, project: ProjectRef, lead: Lead, stage: str, referrer: MemberRef, on: date
) -> None:
    """Tell that a lead has reached a stage; the same stage again changes nothing."""
    if stage in REWARDED:
        record_fact(
            source=f"referrals.{stage}",
            key=_key(lead),
            member=referrer,
            project=project,
            on=on,
            subject=_subject(lead),
        )


def take_back_rewards(*, lead: Lead) -> None:
    """Take back whatever the stages of a cancelled purchase gave."""
    withdraw_facts(subject=_subject(lead))


def all_sources() -> list[PointSource]:
    """Return the stages that earning rules may act on."""
    about = {
        State.VISITED: (
            lazy("A referred friend visited"),
            lazy("The sales office accepts a referral and the friend has come."),
        ),
        State.SUBSCRIBED: (
            lazy("A referred friend chose a home"),
            lazy("The sales office enters the subscription."),
        ),
        State.SIGNED: (
            lazy("A referred friend signed"),
            lazy("The friend or a listed relative has signed the contract."),
        ),
        State.PAID: (
            lazy("A referred friend paid"),
            lazy("The payments for the home have arrived."),
        ),
    }
    return [
        PointSource(f"referrals.{state}", title, text, (), "heart-handshake")
        for state, (title, text) in about.items()
    ]


def _key(lead: Lead) -> str:
    """Return what the lead's facts are known by: others once its rewards are reckoned anew."""
    return lead.public_id if lead.reckoning == 1 else f"{lead.public_id}.{lead.reckoning}"


def _subject(lead: Lead) -> str:
    return f"referrals:{_key(lead)}"
