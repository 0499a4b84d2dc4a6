"""What programs send and get of activities."""

from plugins.events.asking.questions import Kind, Per
from plugins.events.ballot.models import Mode
from plugins.events.states import QueueRule, Seat, State
from plugins.events.words import CATEGORIES
from portal.sdk import ApiInput, ApiOutput, api_fields, api_page_schema

_MOST = 10**9
_STATES = {"metadata": {"description": "By the clock, also before a job has written it down."}}
_KEYS = {
    "metadata": {
        "description": "Keys of `household`; left out, it is the member alone. All or none."
    }
}
_SERIES = {"description": "What its dates have in common; null: it is not repeated."}
_PICTURE = {"description": "The activity's own cover, below `/api/v1`; null: it has none."}
_FURTHER = {"description": "In the list: further dates of the series, for which it stands."}
_TERMS = {"description": "`terms` of the activity as it was shown."}


class ActivityListed(ApiOutput):
    """An activity of the list. Points are whole points a person."""

    id = api_fields.Text(22)
    title = api_fields.Text()
    place = api_fields.Text()
    category = api_fields.Choice(tuple(CATEGORIES))
    state = api_fields.Choice(State, **_STATES)
    starts_at = api_fields.Moment()
    ends_at = api_fields.Moment()
    opens_at = api_fields.Moment()
    closes_at = api_fields.Moment()
    price = api_fields.Whole(0, _MOST)
    deposit = api_fields.Whole(0, _MOST)
    free_seats = api_fields.Whole(
        0, _MOST, allow_none=True, metadata={"description": "null: without a limit"}
    )
    mine = api_fields.Choice(
        Seat, allow_none=True, metadata={"description": "Where the member's own seat stands."}
    )
    series = api_fields.Text(22, allow_none=True, metadata=_SERIES)
    further_dates = api_fields.Whole(0, _MOST, metadata=_FURTHER)
    picture = api_fields.Text(200, allow_none=True, metadata=_PICTURE)
    picture_shows = api_fields.Text(120)


class ReasonShown(ApiOutput):
    """One line of whether the member may join."""

    fulfilled = api_fields.Flag()
    title = api_fields.Text()
    hint = api_fields.Text()


class PersonShown(ApiOutput):
    """Someone of the member's household, and why they cannot come, if so."""

    key = api_fields.Text(64)
    name = api_fields.Text(80)
    refusal = api_fields.Text(30, allow_none=True)
    refusal_says = api_fields.Text()


class QuotaShown(ApiOutput):
    """Something of which there are fewer than seats, which a party may wish for."""

    key = api_fields.Text(22)
    title = api_fields.Text()
    free_seats = api_fields.Whole(0, _MOST, allow_none=True)


class QuestionShown(ApiOutput):
    """Something that who registers is asked; an answer has the numbers of the choices, from 0."""

    key = api_fields.Text(20)
    kind = api_fields.Choice(Kind)
    per = api_fields.Choice(Per)
    required = api_fields.Flag()
    title = api_fields.Text()
    choices = api_fields.list_of(api_fields.Text())


class SaidShown(ApiOutput):
    """What a party chose or answered; `who`: of one person."""

    title = api_fields.Text()
    text = api_fields.Text()
    who = api_fields.Text(80)


class DrawBoxShown(ApiOutput):
    """How the seats are drawn. `lots`: of this member, while entries are taken."""

    mode = api_fields.Choice(Mode)
    takes_entries = api_fields.Flag()
    entries_until = api_fields.Moment()
    draw_at = api_fields.Moment()
    drawn_at = api_fields.Moment(allow_none=True)
    lots = api_fields.Whole(1, _MOST, allow_none=True)
    number_of = api_fields.Text(80)
    secret_hash = api_fields.Text(64)
    entries_hash = api_fields.Text(64, allow_none=True)


class ActivityShown(ActivityListed):
    """An activity as this member sees it: `refusal` is why they cannot register now, or null."""

    about = api_fields.Text(4000)
    notes = api_fields.Text(1000)
    cancel_until = api_fields.Moment()
    household_most = api_fields.Whole(1, _MOST, allow_none=True)
    queue_rule = api_fields.Choice(QueueRule)
    parties_waiting = api_fields.Whole(0, _MOST)
    may_wait = api_fields.Flag()
    terms = api_fields.Text()
    rules_for_not_coming = api_fields.list_of(api_fields.Text())
    refusal = api_fields.Text(30, allow_none=True)
    refusal_says = api_fields.Text()
    reasons = api_fields.list_of(ReasonShown)
    household = api_fields.list_of(PersonShown)
    quotas = api_fields.list_of(QuotaShown)
    questions = api_fields.list_of(QuestionShown)
    guests_most = api_fields.Whole(0, _MOST)
    by_approval = api_fields.Flag()
    registration = api_fields.Text(22, allow_none=True)
    draws = api_fields.list_of(
        DrawBoxShown, metadata={"description": "How seats are drawn; empty: first come."}
    )


class RegistrationShown(ApiOutput):
    """A registration of a party; points in whole points."""

    id = api_fields.Text(22)
    activity = api_fields.Text(22)
    title = api_fields.Text()
    starts_at = api_fields.Moment()
    state = api_fields.Choice(Seat)
    seats = api_fields.Whole(1, _MOST)
    ticket = api_fields.Text(12)
    charged = api_fields.Whole(0, _MOST)
    refunded = api_fields.Whole(0, _MOST)
    deposit = api_fields.Whole(0, _MOST)
    cancel_until = api_fields.Moment()
    offer_until = api_fields.Moment(allow_none=True)
    registered_at = api_fields.Moment()
    said = api_fields.list_of(SaidShown)


class SeatShown(ApiOutput):
    """A person's seat of a party."""

    id = api_fields.Text(22)
    name = api_fields.Text(80)
    state = api_fields.Choice(Seat)
    checked_in_at = api_fields.Moment(allow_none=True)
    guest = api_fields.Flag()


class DrawShown(ApiOutput):
    """What was frozen and drawn. `file`: JSON as text, to be computed again; it names nobody."""

    entries_hash = api_fields.Text(64)
    drawn = api_fields.Flag()
    file = api_fields.Text()


class TicketShown(RegistrationShown):
    """A registration with each person's seat; `before`: families that come first while it waits."""

    before = api_fields.Whole(0, _MOST, allow_none=True)
    persons = api_fields.list_of(SeatShown)


class RegistrationListed(RegistrationShown):
    """A registration as the staff's list has it."""

    name = api_fields.Text(80)


class Wanted(ApiInput):
    """What the list is narrowed to."""

    q = api_fields.Text(60)
    category = api_fields.Choice(tuple(CATEGORIES))
    past = api_fields.Choice(("yes", "no"))
    series = api_fields.Text(22, metadata={"description": "Every date of this series."})


class WantedRegistrations(ApiInput):
    """What the staff's list is narrowed to."""

    q = api_fields.Text(60)
    state = api_fields.Choice(Seat)


class QuotaWish(ApiInput):
    """For how many persons of the party it is wished."""

    key = api_fields.Text(22, required=True)
    persons = api_fields.Whole(0, 20, required=True)


class AnswerWish(ApiInput):
    """An answer. `person`: a key of the party, or `guest-1`, where the question asks each."""

    question = api_fields.Text(20, required=True)
    person = api_fields.Text(64)
    values = api_fields.list_of(api_fields.Text(2000), required=True)


class GuestWish(ApiInput):
    """A guest of the party; `age`: of who is under 18."""

    name = api_fields.Text(80, required=True)
    age = api_fields.Whole(0, 120)


class PartyWish(ApiInput):
    """Who is to come, and what they wish for."""

    party = api_fields.list_of(api_fields.Text(64), **_KEYS)
    wishes = api_fields.list_of(QuotaWish)
    answers = api_fields.list_of(AnswerWish)
    guests = api_fields.list_of(GuestWish)


class RegisterWish(PartyWish):
    """Who is to come, under which terms."""

    terms = api_fields.Text(required=True, metadata=_TERMS)


class AcceptWish(ApiInput):
    """The terms under which the seats are taken."""

    terms = api_fields.Text(required=True, metadata=_TERMS)


class DoorWish(ApiInput):
    """A ticket's code, and who of the party: ids of seats; left out, everybody."""

    ticket = api_fields.Text(200, required=True)
    seats = api_fields.list_of(api_fields.Text(22))


ActivityPage = api_page_schema(ActivityListed)
RegistrationPage = api_page_schema(RegistrationShown)
StaffPage = api_page_schema(RegistrationListed)
