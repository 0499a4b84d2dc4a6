"""Facts that partners' programs tell: spending, and what a member did; the rules give points."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from marshmallow import fields, validate
from werkzeug.exceptions import Forbidden, NotFound

from portal import clock
from portal.access import requires
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Day, Input, Output, Text, Whole, list_of
from portal.api.problems import refused
from portal.audit.service import record
from portal.club.queries import current_club
from portal.earning.models import Decision
from portal.earning.sentences import reason_of
from portal.earning.service import record_fact
from portal.earning.sources import CORE
from portal.earning.trying import find_card
from portal.extensions import db
from portal.facts.models import Fact
from portal.facts.service import MOST_FEN, NewFact
from portal.i18n import gettext
from portal.members.models import Member
from portal.projects.current import current_project
from portal.staff.member_page import member_here
from portal.tokens.current import is_service

blueprint = ApiBlueprint(
    "facts_api", "portal.staff", url_prefix="/api/v1/p/<project>", title="Facts"
)
TOLD = ("spend.recorded", "manual.award")
_KEY = validate.Regexp(r"\A[A-Za-z0-9][A-Za-z0-9:._/-]{0,35}\Z")
_OWN_FIELDS = frozenset({"amount", "category"})
"""They have a place of their own in a fact."""


class FactWish(Input):
    """A fact; `member`: the public id or the card number; `facts`: further figures that the source
    has, such as people."""

    source = Choice(TOLD, required=True)
    key = fields.String(required=True, validate=_KEY, metadata={"description": "Its natural key."})
    member = Text(22, required=True)
    business_date = Day(required=True)
    amount = Whole(0, MOST_FEN, allow_none=True, load_default=None, metadata={"description": "Fen"})
    category = Text(40, load_default="")
    facts = fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"\A[a-z][a-z0-9_]{0,29}\Z")),
        values=fields.Integer(strict=True, validate=validate.Range(0, 10**9)),
        load_default=dict,
    )


class JudgedShown(Output):
    """What a rule made of a fact: milli-points of a currency, or why none."""

    rule = Text(30)
    version = Whole(0, 10**9)
    outcome = Text(20)
    currency = Text(40)
    amount = Whole(0, 10**15)
    code = Text(40)
    sentence = Text(2000)


class FactTold(Output):
    """A fact and what the rules made of it."""

    id = Text(22)
    is_new = Whole(0, 1)
    rules = list_of(JudgedShown)


@blueprint.call(
    "POST",
    "/facts",
    FactTold,
    status=201,
    body=FactWish,
    errors={403: "Only the token of a service with `facts.record` may tell."},
)
@requires("facts.record")
def tell(body: dict[str, Any]) -> dict[str, Any]:
    """Tell of a fact; the same source, key and body again is the same fact."""
    if not is_service():
        # People record by hand, in a form that asks why.
        raise Forbidden
    member, project = _member(body["member"]), current_project()
    _check(body)
    new = NewFact(
        body["source"],
        f"api:{project.id}:{body['key']}",
        body["business_date"],
        member_id=member.id,
        project_id=project.id,
        category=body["category"],
        amount=body["amount"],
        facts=body["facts"],
    )
    fact, is_new = _told_before(new), False
    if fact is None:
        told = record_fact(actor=current_account(), new=new)
        fact, is_new = told.fact, told.is_new
    if is_new:
        record(
            actor=current_account(),
            action="earning.fact_told",
            subject=("member", member.public_id),
            project_id=project.id,
            facts={"fact": fact.public_id, "source": fact.source, "key": body["key"]},
        )
    elif not _is_same(fact, new):
        raise refused("key_used", gettext("This key is of another fact."), "key")
    answer = judged(fact, is_new=is_new)
    db.session.commit()
    return answer


def judged(fact: Fact, *, is_new: bool) -> dict[str, Any]:
    """Return a fact with what each rule made of it."""
    return {
        "id": fact.public_id,
        "is_new": int(is_new),
        "rules": [_judged(each, fact) for each in _decisions(fact)],
    }


def _member(named: str) -> Member:
    """Return one of the project's members by public id or card number. Raises 404."""
    if not (named.isdecimal() and len(named) == 8):
        return member_here(named)
    found = find_card(named)
    if found is None:
        raise NotFound
    return member_here(found.public_id)


def _check(body: dict[str, Any]) -> None:
    """Refuse figures that the source lacks, and days to come."""
    fields_of = {each.key for each in CORE[body["source"]].fields} - _OWN_FIELDS
    if not set(body["facts"]) <= fields_of:
        raise refused("unknown_figure", gettext("This source has no such figure."), "facts")
    today: date = clock.business_date(current_club().time_zone)
    if body["business_date"] > today:
        raise refused("day_invalid", gettext("This day is still to come."), "business_date")


def _told_before(new: NewFact) -> Fact | None:
    return db.session.scalar(sa.select(Fact).where(Fact.source == new.source, Fact.key == new.key))


def _is_same(fact: Fact, new: NewFact) -> bool:
    told = ("member_id", "business_date", "category", "amount")
    return all(getattr(fact, name) == getattr(new, name) for name in told) and dict(
        fact.facts
    ) == dict(new.facts)


def _decisions(fact: Fact) -> list[Decision]:
    return list(
        db.session.scalars(
            sa.select(Decision)
            .where(Decision.fact_id == fact.id)
            .order_by(Decision.rule, Decision.currency)
        )
    )


def _judged(decision: Decision, fact: Fact) -> dict[str, Any]:
    reason = reason_of(decision, fact)
    return {
        "rule": decision.rule,
        "version": decision.version,
        "outcome": decision.outcome,
        "currency": decision.currency,
        "amount": decision.amount,
        "code": decision.reason,
        "sentence": f"{reason.why} {reason.needed}".strip(),
    }
