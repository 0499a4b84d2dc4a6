"""Why a program's call was refused."""

from plugins.referrals.errors import ReferralError
from plugins.referrals.words import REFUSALS, STATUS
from portal.sdk import ApiProblem, db

REFUSED = {
    403: "The permission is missing; or IN_THE_SALE.",
    409: "`code` says why, `state` where it stands now: ILLEGAL_STEP, CHANGED, SAME_PERSON, …",
}


def problem(error: ReferralError) -> ApiProblem:
    """Return the answer to a refused act, which is rolled back; `code` is the refusal's own."""
    db.session.rollback()
    told = {"code": error.code, **({"state": error.state} if error.state else {})}
    status, detail = STATUS.get(error.code, 409), str(REFUSALS[error.code])
    return ApiProblem(status, error.code.lower(), detail=detail, extra=told)
