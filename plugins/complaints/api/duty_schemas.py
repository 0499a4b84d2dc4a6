"""What programs of moderators and of the group send and get."""

from plugins.complaints.api.schemas import CaseListed, ReasonWish, VersionWish
from plugins.complaints.centre import SHOWS
from plugins.complaints.moderation_forms import KEEP, NO_SANCTION, STAY, TAKE_APART
from plugins.complaints.states import ActKind, AppealState, ReviewState, Stage
from plugins.complaints.text import BODY_MOST
from plugins.complaints.words import CAUSES, REASONS
from portal.sdk import ApiInput, ApiOutput, api_fields, api_page_schema

_MOST = 2_000_000_000
_NOTE = {"description": "Only the author reads it."}
_DAYS = {"metadata": {"description": "How long a mute or a suspension lasts."}}
_READ = {"metadata": {"description": "The version that the reader has read; null before."}}


class LooksWanted(ApiInput):
    """Which looks: those that moderators have, or those that rose to the group."""

    raised = api_fields.Flag()


class LookListed(ApiOutput):
    """Something that a moderator has to look at. `reply`: the id of the reply, null for a case."""

    id = api_fields.Text(22)
    case = api_fields.Text(22)
    code = api_fields.Text(12)
    reply = api_fields.Text(22, allow_none=True)
    title = api_fields.Text()
    body = api_fields.Text(BODY_MOST)
    state = api_fields.Choice(ReviewState)
    reasons = api_fields.list_of(api_fields.Choice(tuple(CAUSES)))
    reports = api_fields.Whole(0, _MOST)
    held = api_fields.Flag()
    raised = api_fields.Flag()
    due_at = api_fields.Moment()


class LookShown(LookListed):
    """A look with what households said about the words."""

    said = api_fields.list_of(api_fields.Text(500))


class LookWish(ApiInput):
    """A moderator's decision: about the words, about who wrote them, about a joining."""

    act = api_fields.Choice((KEEP, ActKind.MASK, ActKind.HIDE), required=True)
    joined = api_fields.Choice((STAY, TAKE_APART))
    reason = api_fields.Choice(tuple(REASONS))
    note = api_fields.Text(500, metadata=_NOTE)
    sanction = api_fields.Choice((NO_SANCTION, ActKind.WARN, ActKind.MUTE, ActKind.SUSPEND))
    days = api_fields.Whole(1, 365, **_DAYS)


class BeginWish(ApiInput):
    """What to put before the moderators: a complaint, or a reply in it."""

    reply = api_fields.Text(22)


class LockWish(ApiInput):
    """Whether neighbours may reply."""

    locked = api_fields.Flag(required=True)


class MergeWish(ApiInput):
    """The number of the complaint that one is joined into."""

    code = api_fields.Text(20, required=True)


class ActShown(ApiOutput):
    """What a moderator did, and what became of an appeal."""

    id = api_fields.Text(22)
    kind = api_fields.Choice(ActKind)
    reason = api_fields.Text(20)
    by = api_fields.Text()
    code = api_fields.Text(12, allow_none=True)
    until = api_fields.Moment(allow_none=True)
    appeal = api_fields.Choice(AppealState)
    appeal_body = api_fields.Text(1000)
    answer = api_fields.Text(1000)
    done_at = api_fields.Moment()


class AppealWish(ApiInput):
    """The group's decision on an appeal."""

    verdict = api_fields.Choice(("uphold", "overturn"), required=True)
    body = api_fields.Text(1000, required=True)


class MoveWish(ReasonWish):
    """The key of the category that a case goes to, and why: everybody who sees it reads that."""

    category = api_fields.Text(40, required=True)


class TransferWish(VersionWish):
    """The public id of the account that gets a case."""

    colleague = api_fields.Text(22, required=True)


class ExtendWish(ReasonWish):
    """How many business hours more, and why."""

    hours = api_fields.Whole(1, 500, required=True)


class NoteWish(ApiInput):
    """A note among the staff."""

    body = api_fields.Text(1000, required=True)


class MorningWanted(ApiInput):
    """What the morning's list is narrowed to."""

    show = api_fields.Choice(SHOWS)


class MorningListed(CaseListed):
    """A case of the morning, with its project."""

    project = api_fields.Text(40)
    version = api_fields.Whole(1, _MOST)
    read_version = api_fields.Whole(1, _MOST, allow_none=True, **_READ)


class BurstShown(ApiOutput):
    """A burst of complaints; "" in `building` and `contractor` stands for all."""

    id = api_fields.Text(22)
    project = api_fields.Text(40)
    category = api_fields.Text(40)
    building = api_fields.Text(40)
    contractor = api_fields.Text(60)
    stage = api_fields.Choice(Stage)
    households = api_fields.Whole(0, _MOST)
    plan = api_fields.Text(2000)
    begun_at = api_fields.Moment()


class HeadsShown(ApiOutput):
    """The numbers at the head of the morning page, and the bursts that go on."""

    new = api_fields.Whole(0, _MOST)
    late = api_fields.Whole(0, _MOST)
    refused = api_fields.Whole(0, _MOST)
    risen = api_fields.Whole(0, _MOST)
    unread = api_fields.Whole(0, _MOST)
    forgotten = api_fields.Whole(0, _MOST)
    broken = api_fields.Whole(0, _MOST)
    bursts = api_fields.list_of(BurstShown)


class ReadShown(ApiOutput):
    """How many were new to the reader."""

    read = api_fields.Whole(0, _MOST)


class PlanWish(ApiInput):
    """What is done about a burst."""

    body = api_fields.Text(2000, required=True)


LookPage = api_page_schema(LookListed)
ActPage = api_page_schema(ActShown)
MorningPage = api_page_schema(MorningListed)
