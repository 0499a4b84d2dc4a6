"""What staff record by hand of a member, for their programs: the rules give points for it."""

from typing import Any

from marshmallow import fields

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.fields import Day, Input, Output, Text, list_of
from portal.api.problems import invalid, refused
from portal.earning.awards import award_categories, record_award
from portal.earning.words import category_title
from portal.extensions import db
from portal.facts.service import FactError
from portal.i18n import gettext
from portal.points.keys import NOTE_LENGTH
from portal.points.shapes import sent_key
from portal.projects.current import current_project
from portal.staff.earning_forms import REFUSALS
from portal.staff.facts_api import FactTold, judged
from portal.staff.member_page import member_here
from portal.staff.points_api import ProposalShown, blueprint, case_of, shown
from portal.tokens.current import refuse_services

__all__ = ["blueprint"]

_AWARDS = "/members/<public_id>/points/awards"


class CategoryShown(Output):
    """For what the rules in force give points by hand."""

    category = Text(40)
    title = Text(200)


class CategoriesShown(Output):
    """What may be recorded; empty: no rule asks for anything."""

    items = list_of(CategoryShown)


class AwardWish(Input):
    """That a member did something on a day, and how staff know."""

    category = Text(40, load_default="")
    on = Day(required=True)
    note = Text(NOTE_LENGTH, required=True, metadata={"description": "Kept in the audit trail."})


class AwardMade(Output):
    """What became of it: recorded and judged at once (`fact`), or proposed (`proposal`)."""

    fact = fields.Nested(FactTold, allow_none=True)
    proposal = fields.Nested(ProposalShown, allow_none=True)


@blueprint.call("GET", _AWARDS, CategoriesShown)
@requires("points.adjust")
def award_kinds(public_id: str) -> dict[str, Any]:
    """List for what the rules in force give a member points by hand."""
    member_here(public_id)
    keys = award_categories()
    return {"items": [{"category": key, "title": category_title(key)} for key in keys]}


@blueprint.call("POST", _AWARDS, AwardMade, status=201, body=AwardWish)
@requires("points.adjust")
def award(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Record that a member did something; much in a day waits for a second person."""
    refuse_services()
    member = member_here(public_id)
    if not body["note"].strip():
        raise invalid(note=gettext("Say what the member did: the audit trail keeps it."))
    try:
        told, proposal = record_award(
            actor=current_account(),
            member=member,
            project_id=current_project().id,
            category=body["category"],
            on=body["on"],
            note=body["note"],
            key=sent_key(),
        )
    except FactError as error:
        field = "on" if error.code == "day_invalid" else "category"
        raise refused(error.code, str(REFUSALS.get(error.code, error.code)), field) from error
    if told is not None:
        answer = {"fact": judged(told.fact, is_new=told.is_new), "proposal": None}
        db.session.commit()
        return answer
    assert proposal is not None
    proposal_id = proposal.public_id
    db.session.commit()
    return {"fact": None, "proposal": shown(case_of(proposal_id))}
