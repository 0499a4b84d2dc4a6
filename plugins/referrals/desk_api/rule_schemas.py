"""What programs send and get of the rules; amounts as they are kept."""

from marshmallow import validate

from plugins.referrals.models.corrections import CorrectionState
from plugins.referrals.models.rewards import Beneficiary, Due, Kind, Measure
from plugins.referrals.reward_forms import LINES
from plugins.referrals.states import Buyer
from portal.sdk import ApiInput, ApiOutput, api_fields, api_page_schema

_MOST = 2**53
_AMOUNT = {
    "metadata": {
        "description": "Milli-points or fen; hundredths of a percent; hundredths of a month; null "
        "with bands."
    }
}
_KIN = tuple(each for each in Buyer if each not in (Buyer.FRIEND, Buyer.OTHER))


class BandSent(ApiInput):
    """From which price on (fen) how much is given (milli-points or fen)."""

    price = api_fields.Whole(0, _MOST, required=True)
    amount = api_fields.Whole(0, _MOST, required=True)


class LineSent(ApiInput):
    """A promise: for which stage who gets what."""

    stage = api_fields.Choice(Due, required=True)
    beneficiary = api_fields.Choice(Beneficiary, required=True)
    kind = api_fields.Choice(Kind, required=True)
    measure = api_fields.Choice(Measure)
    amount = api_fields.Whole(1, _MOST, allow_none=True, **_AMOUNT)
    most = api_fields.Whole(1, _MOST, allow_none=True)
    bands = api_fields.list_of(BandSent, validate=validate.Length(max=8))
    from_on = api_fields.Day(allow_none=True)
    until_on = api_fields.Day(allow_none=True)
    from_nth = api_fields.Whole(1, 999)
    to_nth = api_fields.Whole(1, 999, allow_none=True)
    tiers = api_fields.list_of(api_fields.Text(40), validate=validate.Length(max=8))
    buildings = api_fields.list_of(api_fields.Text(40), validate=validate.Length(max=20))
    at_once = api_fields.Flag()


class _Rules:
    """What a version of the rules says. `month_fee`: fen a square metre; `shares`: percents that
    make 100."""

    title = api_fields.texts_of(60, required=True)
    promise = api_fields.texts_of(1000, required=True)
    starts_at = api_fields.Moment(required=True)
    ends_at = api_fields.Moment(allow_none=True)
    protection_days = api_fields.Whole(1, 365, required=True)
    visit_days = api_fields.Whole(1, 365, required=True)
    subscribe_days = api_fields.Whole(1, 730, required=True)
    known_days = api_fields.Whole(0, 730, required=True)
    notice_minutes = api_fields.Whole(0, 1440, required=True)
    answer_minutes = api_fields.Whole(5, 10080, required=True)
    consent_hours = api_fields.Whole(1, 720, required=True)
    most_a_day = api_fields.Whole(1, 500, required=True)
    kin = api_fields.list_of(api_fields.Choice(_KIN), required=True)
    cap_points = api_fields.Whole(0, _MOST, allow_none=True)
    cap_cash = api_fields.Whole(0, _MOST, allow_none=True)
    month_fee = api_fields.Whole(1, 100_000, allow_none=True)
    shares = api_fields.list_of(api_fields.Whole(1, 99), validate=validate.Length(max=5))
    lines = api_fields.list_of(LineSent, required=True, validate=validate.Length(max=LINES))


class DraftSent(_Rules, ApiInput):
    """A version of the rules. `after`: the newest version that the writer saw, 0 for none."""

    after = api_fields.Whole(0, 100_000, required=True)


class CorrectionSent(DraftSent):
    """Rules with a past date, and why."""

    words = api_fields.Text(400, required=True)


class RulesListed(ApiOutput):
    """A version of the rules, whether it has begun or not."""

    id = api_fields.Text(22)
    version = api_fields.Whole(1, 100_000)
    title = api_fields.texts_of(60)
    starts_at = api_fields.Moment()
    ends_at = api_fields.Moment(allow_none=True)


class RulesShown(_Rules, ApiOutput):
    """A version as it is: with `after` it can be sent again."""

    id = api_fields.Text(22)
    version = api_fields.Whole(1, 100_000)


class TrialShown(ApiOutput):
    """What a draft would have given for the leads of a year, and what they gave: milli-points or
    fen by kind. They are whole once `finished_at` is there; `stages`: null before it begins."""

    id = api_fields.Text(22)
    stages = api_fields.Whole(0, _MOST, allow_none=True)
    stages_done = api_fields.Whole(0, _MOST)
    finished_at = api_fields.Moment(allow_none=True)
    leads = api_fields.Whole(0, _MOST)
    lapsed = api_fields.Whole(0, _MOST)
    cancelled = api_fields.Whole(0, _MOST)
    rewards = api_fields.Whole(0, _MOST)
    capped = api_fields.Whole(0, _MOST)
    excluded = api_fields.Whole(0, _MOST)
    unfunded = api_fields.Whole(0, _MOST)
    unpriced = api_fields.Whole(0, _MOST)
    total_points = api_fields.Whole(-_MOST, _MOST)
    total_cash = api_fields.Whole(-_MOST, _MOST)
    given_points = api_fields.Whole(-_MOST, _MOST)
    given_cash = api_fields.Whole(-_MOST, _MOST)


class CorrectionShown(ApiOutput):
    """A correction: how many leads it changes; once confirmed the version that it became."""

    id = api_fields.Text(22)
    state = api_fields.Choice(CorrectionState)
    words = api_fields.Text(400)
    starts_at = api_fields.Moment()
    leads = api_fields.Whole(0, _MOST)
    changed = api_fields.Whole(0, _MOST)
    version = api_fields.Whole(1, 100_000, allow_none=True)


VersionsPage = api_page_schema(RulesListed)
