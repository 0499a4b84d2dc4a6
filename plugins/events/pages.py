"""What pages show an owner: whether to join and why not, and at home what comes next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from plugins.events.ballot.pages import DrawBox
from plugins.events.counting import for_all
from plugins.events.eligibility import Reason
from plugins.events.errors import EventError
from plugins.events.ladder import words as ladder_words
from plugins.events.ladder.rules import CLEAN, Standing
from plugins.events.models import Occurrence, Quota, Registration
from plugins.events.party import Candidate
from plugins.events.policy import Terms, opens_for, refusal, seats_left, standing
from plugins.events.queries import Found, Seated
from plugins.events.showing import moment, when
from plugins.events.states import IN_ORDER, Counts, QueueRule, Seat, State
from plugins.events.words import MINE, QUEUE_RULES, REFUSALS, STATES
from portal.sdk import ProjectRef, gettext, localized, ngettext


@dataclass(frozen=True)
class HomeRow:
    """A coming activity on the owner's home."""

    url: str
    title: str
    when: str
    place: str
    going: bool
    word: object
    tone: str


@dataclass(frozen=True)
class HomeCard:
    """The coming activities, and where all of them are."""

    url: str
    rows: tuple[HomeRow, ...]


def home_card(
    project: ProjectRef, coming: Iterable[tuple[Occurrence, Quota, str | None]], at: datetime
) -> HomeCard:
    """Return what the home shows of the next activities."""
    url = f"/p/{project.slug}/events/"
    rows = []
    for each, quota, seat in coming:
        word, tone = STATES[standing(each, at)]
        if quota.free is not None and quota.free <= 0:
            word, tone = gettext("All taken"), ""
        if seat is not None:
            word, tone = MINE.get(seat, MINE[Seat.CONFIRMED])
        title, place = localized(each.event.title), localized(each.event.place)
        row = HomeRow(
            f"{url}{each.public_id}",
            title,
            moment(each.starts_at),
            place,
            seat is not None,
            word,
            tone,
        )
        rows.append(row)
    return HomeCard(url, tuple(rows))


@dataclass(frozen=True)
class OwnerPage:
    """An activity as one member sees it. `code`: why they cannot register now, or None."""

    occurrence: Occurrence
    state: str
    when: str
    left: int | None
    confirmed: int
    registration: Registration | None
    candidates: tuple[Candidate, ...]
    code: str | None
    reasons: tuple[Reason, ...]
    terms: str
    free_now: bool
    waiting: int
    cost: Terms
    opens_at: datetime
    wishes: tuple[Quota, ...] = ()
    unmet: Reason | None = None
    ladder: Standing = CLEAN
    others: Sequence[tuple[Occurrence, Quota]] = ()
    dates: int = 0
    draw: DrawBox | None = None

    @classmethod
    def of(
        cls,
        found: Found,
        already: Seated | None,
        available: int,
        at: datetime,
        household: Sequence[Candidate] = (),
        rules: Sequence[Reason] = (),
        ladder: Standing = CLEAN,
    ) -> "OwnerPage":
        """Return the page; `available`: the member's milli-points, asked only when it costs any;
        `already`: what the household has; `rules`: whom it is for, see eligibility.reasons;
        `ladder`: the member's marks."""
        occurrence, window = found.occurrence, found.window
        quotas = for_all(found.quotas, window)
        terms = Terms.of(occurrence, window, ladder.version)
        costs = terms.price + terms.deposit
        short = costs > available and not occurrence.by_approval
        unmet = next((rule for rule in rules if not rule.fulfilled), None)
        code = refusal(occurrence, quotas, 1, at, found.waiting, window, ladder) or (
            "NOT_ENOUGH_POINTS" if short else None
        )
        most, has = occurrence.household_most, already.seats if already else 0
        if most is not None and has >= most:
            code = code or "HOUSEHOLD_FULL"
        if unmet is not None and standing(occurrence, at) in (State.SCHEDULED, State.OPEN):
            code = unmet.code
        wishes = [quota for quota in found.quotas if quota.counts == Counts.CHOSEN]
        registration = already.with_me if already else None
        return cls(
            occurrence=occurrence,
            state=standing(occurrence, at),
            when=when(occurrence),
            left=seats_left(quotas),
            confirmed=quotas[0].confirmed if quotas else 0,
            registration=registration,
            candidates=tuple(household),
            code=None if registration else code,
            reasons=(
                *rules,
                *ladder_words.reasons(ladder),
                *_reasons(found, terms, available, at, has, ladder),
                *_smaller(found, household),
            ),
            unmet=unmet,
            terms=terms.mark(),
            cost=terms,
            opens_at=opens_for(occurrence, window, ladder),
            ladder=ladder,
            wishes=tuple(wishes),
            free_now=at <= occurrence.cancel_until,
            waiting=found.waiting,
            others=found.others,
            dates=found.dates,
        )

    @property
    def may_wait(self) -> bool:
        """Tell whether the page offers the waiting list instead of seats."""
        full = self.code in ("NOT_ENOUGH_SEATS", "QUEUE_FIRST", "WAITING_LIST_ONLY")
        return full and self.occurrence.queue_rule != QueueRule.NONE

    @property
    def rules_in_words(self) -> list[str]:
        """What the version in force says of who does not come."""
        return ladder_words.sentences(self.ladder.policy) if self.ladder.policy else []

    @property
    def may_enter(self) -> bool:
        """Tell whether the page offers a draw instead of seats."""
        return self.code == "DRAW_FIRST" and self.draw is not None and self.draw.open

    @property
    def queue(self) -> Reason:
        """How many wait, and by which rule."""
        return queue_words(self.occurrence, self.waiting)

    @property
    def refusal(self) -> object:
        """The sentence of why not."""
        if self.unmet is not None and self.code == self.unmet.code:
            return self.unmet.title
        if self.code == "NOT_OPEN_FOR_YOU":
            return opens_for_you(self.opens_at)
        return REFUSALS[self.code] if self.code else ""


def queue_words(occurrence: Occurrence, before: int) -> Reason:
    """Return how many families come first, and by which rule; not fulfilled while any does."""
    title = gettext("You are next")
    if before:
        title = ngettext("%(num)d family before you", "%(num)d families before you", before)
    return Reason(not before, title, str(QUEUE_RULES[occurrence.queue_rule][1]))


def opens_for_you(at: datetime) -> str:
    """Return the sentence of when registration begins for who asks."""
    return gettext("Registration begins for you on %(at)s.", at=moment(at))


def _reasons(
    activity: Found, terms: Terms, available: int, at: datetime, has: int, ladder: Standing
) -> list[Reason]:
    occurrence = activity.occurrence
    found = [_window(activity, at, ladder)]
    if standing(occurrence, at) in (State.SCHEDULED, State.OPEN):
        found.append(_seats(activity))
    most = occurrence.household_most
    if most is not None:
        title = gettext("Up to %(most)s seats a household", most=most)
        hint = gettext("Yours has %(seats)s", seats=has) if has else ""
        found.append(Reason(has < most, title, hint))
    if occurrence.least_age:
        title = gettext("From %(age)s years of age", age=occurrence.least_age)
        found.append(Reason(fulfilled=True, title=title))
    costs = terms.price + terms.deposit
    if costs:
        enough = available >= costs
        title = gettext("You have enough points") if enough else str(REFUSALS["NOT_ENOUGH_POINTS"])
        hint = gettext(
            "%(available)s available, %(costs)s needed",
            available=f"{available // 1000:,}",
            costs=f"{costs // 1000:,}",
        )
        found.append(Reason(enough, title, hint))
    return found


def _smaller(found: Found, household: Sequence[Candidate]) -> list[Reason]:
    lines = []
    for quota in found.quotas:
        title = localized(quota.title)
        if quota.counts == Counts.CHILDREN:
            title = gettext("Children") if any(each.is_child for each in household) else ""
        elif quota.counts != Counts.CHOSEN:
            continue
        if title and quota.free is not None and quota.capacity:
            left = max(0, quota.free)
            free = gettext("%(title)s: %(left)s seats are free", title=title, left=left)
            taken = gettext("%(title)s: all seats are taken", title=title)
            lines.append(Reason(bool(left), free if left else taken))
    return lines


def _window(found: Found, at: datetime, ladder: Standing) -> Reason:
    occurrence, opens_at = found.occurrence, opens_for(found.occurrence, found.window, ladder)
    state = standing(occurrence, at)
    if state in (State.SCHEDULED, State.OPEN) and at < opens_at:
        hint = gettext("It begins on %(at)s", at=moment(opens_at))
        if found.window:
            hint = gettext("It begins for your tier on %(at)s", at=moment(opens_at))
        return Reason(fulfilled=False, title=str(REFUSALS["NOT_OPEN_FOR_YOU"]), hint=hint)
    if state == State.OPEN:
        title = gettext("Registration is open")
        return Reason(
            fulfilled=True,
            title=title,
            hint=gettext("Until %(at)s", at=moment(occurrence.closes_at)),
        )
    codes = {
        State.CLOSED: "CLOSED",
        State.POSTPONED: "POSTPONED",
        State.CANCELLED: "CANCELLED",
    }
    hint = occurrence.reason
    if state == State.CLOSED and occurrence.closes_at <= at:
        hint = gettext("It ended on %(at)s", at=moment(occurrence.closes_at))
    return Reason(fulfilled=False, title=str(REFUSALS[codes.get(State(state), "OVER")]), hint=hint)


def _seats(found: Found) -> Reason:
    quotas = for_all(found.quotas, found.window)
    if any(quota.capacity == 0 for quota in quotas):
        return Reason(fulfilled=False, title=str(REFUSALS["NO_SEATS"]))
    left = seats_left(quotas)
    if left is None:
        return Reason(fulfilled=True, title=gettext("Seats for everybody"))
    if not left:
        return Reason(fulfilled=False, title=str(REFUSALS["NOT_ENOUGH_SEATS"]))
    if found.waiting and found.occurrence.queue_rule in IN_ORDER:
        return Reason(fulfilled=False, title=str(REFUSALS["QUEUE_FIRST"]))
    return Reason(fulfilled=True, title=gettext("%(left)s seats are free", left=left))


def refusal_of(error: EventError) -> str:
    """Return the sentence of why an act was refused, with its figures."""
    if error.said:
        return error.said
    if error.code == "NOT_OPEN_FOR_YOU" and error.opens_at:
        return opens_for_you(error.opens_at)
    if error.code == "NOT_ENOUGH_SEATS" and error.available:
        left = error.available
        return ngettext(
            "Only %(num)d seat is free. Choose fewer persons; a party is seated together.",
            "Only %(num)d seats are free. Choose fewer persons; a party is seated together.",
            left,
        )
    if error.code == "PARTY_TOO_LARGE":
        return gettext("There are %(seats)s seats in all. Choose fewer.", seats=error.available)
    if error.code == "HOUSEHOLD_FULL":
        return gettext("A household may take up to %(most)s seats here.", most=error.available)
    if error.code == "TOO_MANY_GUESTS":
        return gettext("A party may bring up to %(most)s guests here.", most=error.available)
    return str(REFUSALS[error.code])
