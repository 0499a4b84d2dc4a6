"""What the clock and the seats allow: pure functions, the same for owners, staff and jobs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from plugins.events.ballot.terms import is_drawn_yet
from plugins.events.ladder.rules import CLEAN, Standing
from plugins.events.models import Occurrence, Quota, Registration, Window
from plugins.events.states import IN_ORDER, QueueRule, Seat, State


@dataclass(frozen=True)
class Terms:
    """What a member agrees to by registering: milli-points a seat, and until when it is free."""

    price: int
    deposit: int
    cancel_until: datetime
    # The version of the policy for who does not come, 0 for none.
    policy: int = 0

    @classmethod
    def of(cls, occurrence: Occurrence, window: Window | None = None, policy: int = 0) -> "Terms":
        """Return an activity's terms now, for who comes through a tier's window."""
        price = window.price if window else occurrence.price
        return cls(price, occurrence.deposit, occurrence.cancel_until, policy)

    @classmethod
    def read(cls, mark: str) -> "Terms":
        """Return the terms that a mark stands for."""
        price, deposit, rest = mark.split(".", 2)
        until, _, policy = rest.partition("~")
        return cls(int(price), int(deposit), datetime.fromisoformat(until), int(policy or 0))

    def mark(self) -> str:
        """Return the terms as a form carries them, to see whether they changed meanwhile."""
        by = f"~{self.policy}" if self.policy else ""
        return f"{self.price}.{self.deposit}.{self.cancel_until.isoformat()}{by}"


def standing(occurrence: Occurrence, at: datetime) -> str:
    """Return the state by the clock: nobody waits for the job that writes it down."""
    state = occurrence.state
    if state == State.SCHEDULED and (occurrence.first_opens_at or occurrence.opens_at) <= at:
        state = State.OPEN
    if state == State.OPEN and occurrence.closes_at <= at:
        state = State.CLOSED
    if state in (State.OPEN, State.CLOSED) and occurrence.starts_at <= at:
        state = State.RUNNING
    if state == State.RUNNING and occurrence.ends_at <= at:
        state = State.ENDED
    return state


def opens_for(occurrence: Occurrence, window: Window | None, ladder: Standing = CLEAN) -> datetime:
    """Return from when somebody may register."""
    opens_at = window.opens_at if window else occurrence.opens_at
    return ladder.opens(opens_at, occurrence.closes_at)


def seats_left(quotas: list[Quota]) -> int | None:
    """Return how many seats the smallest quota leaves, None without any limit."""
    free = [quota.free for quota in quotas if quota.free is not None]
    return max(0, min(free)) if free else None


def offer_ends(occurrence: Occurrence, at: datetime, hours: int) -> datetime:
    """Return until when an offer made now holds: never more than half of the time that is left, so
    that somebody can still come after who does not answer."""
    return min(at + timedelta(hours=hours), at + (occurrence.starts_at - at) / 2)


def refusal(
    occurrence: Occurrence,
    quotas: list[Quota],
    seats: int,
    at: datetime,
    waiting: int = 0,
    window: Window | None = None,
    ladder: Standing = CLEAN,
) -> str | None:
    """Return the code of why `seats` cannot be registered now, or None. `quotas`: those that count
    everybody; `waiting`: parties; `window`: of the member's tier; `ladder`: the member's marks."""
    state = standing(occurrence, at)
    if state != State.OPEN:
        return {
            State.SCHEDULED: "NOT_OPEN_FOR_YOU",
            State.CLOSED: "CLOSED",
            State.POSTPONED: "POSTPONED",
            State.CANCELLED: "CANCELLED",
        }.get(State(state), "OVER")
    # Staff who open it earlier open it for everybody.
    if at < opens_for(occurrence, window, ladder):
        return "NOT_OPEN_FOR_YOU"
    if any(quota.capacity == 0 for quota in quotas):
        return "NO_SEATS"
    if not is_drawn_yet(occurrence):
        return "AFTER_DRAW" if ladder.queue_only else "DRAW_FIRST"
    if occurrence.by_approval:
        # Asking takes no seat; who may only wait asks where the club can put them on a list.
        closed = ladder.queue_only and occurrence.queue_rule == QueueRule.NONE
        return "WAITING_LIST_ONLY" if closed else None
    if ladder.queue_only:
        return "WAITING_LIST_ONLY"
    left = seats_left(quotas)
    if left is not None and left < seats:
        return "NOT_ENOUGH_SEATS"
    return "QUEUE_FIRST" if waiting and occurrence.queue_rule in IN_ORDER else None


def cancelled_as(registration: Registration, occurrence: Occurrence, at: datetime) -> Seat | None:
    """Return what a registration becomes when its member cancels now; None: it is too late.

    Late is judged by the deadline shown at registering; what the club moved is free.
    """
    if registration.state != Seat.CONFIRMED:
        return Seat.DECLINED
    state = standing(occurrence, at)
    if state == State.CANCELLED:
        return Seat.CANCELLED_BY_CLUB
    if state == State.POSTPONED:
        return Seat.CANCELLED_FREE
    if state not in (State.SCHEDULED, State.OPEN, State.CLOSED):
        return None
    return Seat.CANCELLED_FREE if at <= registration.cancel_until else Seat.CANCELLED_LATE
