"""What programs send and get of complaints."""

from plugins.complaints.filters import OWNER_FILTERS, STAFF_TABS
from plugins.complaints.forms import ELSEWHERE
from plugins.complaints.intake.service import Channel
from plugins.complaints.states import Kind, Ring, State
from plugins.complaints.text import BODY_MOST
from plugins.complaints.words import ANSWERS
from portal.sdk import ApiInput, ApiOutput, api_fields, api_page_schema

_MOST = 2_000_000_000
_LEVEL = {"metadata": {"description": "0 project, 1 city company, 2 group centre, 3 leader."}}
_VEILED = {"description": "null while neighbours may not read it."}
_VERSION = {"metadata": {"description": "As it was shown: another one is a 409 STALE."}}
_PERSONAL = {
    "metadata": {
        "description": "What to do with phone, identity and plate numbers in words that neighbours "
        "read; left out, they are a 422."
    }
}


class CaseListed(ApiOutput):
    """A complaint of the list."""

    id = api_fields.Text(22)
    code = api_fields.Text(12)
    title = api_fields.Text(200, allow_none=True, metadata=_VEILED)
    state = api_fields.Choice(State)
    level = api_fields.Whole(0, 3, **_LEVEL)
    ring = api_fields.Choice(Ring)
    channel = api_fields.Choice(Channel)
    category = api_fields.Text(40)
    own = api_fields.Flag()
    households = api_fields.Whole(1, _MOST)
    replies = api_fields.Whole(0, _MOST)
    due_at = api_fields.Moment(allow_none=True)
    waits_until = api_fields.Moment(allow_none=True)
    handed_in_at = api_fields.Moment()
    active_at = api_fields.Moment()


class ClockShown(ApiOutput):
    """A deadline; `lines` say how it was counted."""

    kind = api_fields.Choice(("first_reply", "update", "resolution"))
    due_at = api_fields.Moment()
    running = api_fields.Flag()
    paused = api_fields.Flag()
    provisional = api_fields.Flag()
    met_at = api_fields.Moment(allow_none=True)
    breached_at = api_fields.Moment(allow_none=True)


class CaseShown(CaseListed):
    """A complaint as this reader sees it."""

    body = api_fields.Text(BODY_MOST, allow_none=True, metadata=_VEILED)
    author = api_fields.Text()
    place = api_fields.Text()
    photos = api_fields.list_of(api_fields.Text())
    version = api_fields.Whole(1, _MOST)
    round = api_fields.Whole(1, _MOST)
    rating = api_fields.Whole(1, 5, allow_none=True)
    joined = api_fields.Flag()
    follows = api_fields.Flag()
    locked = api_fields.Flag()
    clocks = api_fields.list_of(ClockShown)


class PostShown(ApiOutput):
    """Something said in a thread."""

    id = api_fields.Text(22)
    kind = api_fields.Choice(Kind)
    step = api_fields.Text(20)
    by = api_fields.Text()
    body = api_fields.Text(BODY_MOST, allow_none=True, metadata=_VEILED)
    quotes = api_fields.Text(22, allow_none=True)
    photos = api_fields.list_of(api_fields.Text())
    said_at = api_fields.Moment()


class Option(ApiOutput):
    """Something to choose."""

    key = api_fields.Text(40)
    title = api_fields.Text()


class OptionsShown(ApiOutput):
    """What a new complaint may be about, and where."""

    categories = api_fields.list_of(Option)
    homes = api_fields.list_of(Option)


class Wanted(ApiInput):
    """What the list is narrowed to."""

    q = api_fields.Text(60)
    show = api_fields.Choice(OWNER_FILTERS)


class StaffWanted(ApiInput):
    """What the staff's queue is narrowed to."""

    q = api_fields.Text(60)
    show = api_fields.Choice(STAFF_TABS)
    category = api_fields.Text(40)
    level = api_fields.Choice(("0", "1", "2", "3"))
    who = api_fields.Choice(("me", "none"))


class Screened(ApiInput):
    """Words that neighbours may read."""

    personal = api_fields.Choice(("mask", "hold"), **_PERSONAL)


class ComplaintWish(Screened):
    """A new complaint; with photos it is handed in on the pages."""

    category = api_fields.Text(40, required=True)
    home = api_fields.Text(
        22, required=True, metadata={"description": f"A key of `homes`, or `{ELSEWHERE}`."}
    )
    place = api_fields.Text(80)
    title = api_fields.Text(200, required=True)
    body = api_fields.Text(BODY_MOST, required=True)
    contractor = api_fields.Text(60)
    batch = api_fields.Text(60)
    ring = api_fields.Choice(Ring, required=True)
    show_home = api_fields.Flag()


class ReplyWish(Screened):
    """A reply; `quote`: the id of another one."""

    body = api_fields.Text(BODY_MOST, required=True)
    quote = api_fields.Text(22)


class VersionWish(ApiInput):
    """A decision on what was shown."""

    version = api_fields.Whole(1, _MOST, required=True, **_VERSION)


class RatingWish(VersionWish):
    """How satisfied the household is."""

    rating = api_fields.Whole(1, 5, required=True)


class ReasonWish(VersionWish):
    """A decision with its reason."""

    body = api_fields.Text(1000, required=True)


class AnswerWish(VersionWish):
    """An official answer, and what it does."""

    step = api_fields.Choice(tuple(ANSWERS), required=True)
    body = api_fields.Text(BODY_MOST, required=True)


CasePage = api_page_schema(CaseListed)
PostPage = api_page_schema(PostShown)
