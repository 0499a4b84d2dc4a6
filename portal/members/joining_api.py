"""Joining the club, for programs."""

from typing import Any

from flask import g
from marshmallow import fields

from portal.access import Scope, public
from portal.accounts.models import Account, SignInMethod
from portal.accounts.queries import find_account_by_phone
from portal.accounts.service import AccountExistsError
from portal.api.fields import (
    Choice,
    Flag,
    Input,
    Secret,
    Text,
    list_of,
)
from portal.api.forms import checked, form_over
from portal.api.problems import Problem, invalid
from portal.club.queries import current_legal_texts
from portal.extensions import db
from portal.i18n import gettext
from portal.idempotency.answers import secret_answer
from portal.members.api import Consents, blueprint
from portal.members.current import find_current_member
from portal.members.forms import JoinForm
from portal.members.joining import admit, offer
from portal.members.models import Salutation
from portal.members.names import NAME_MAX
from portal.members.service import (
    MemberError,
)
from portal.slots import JoinChoice, fill
from portal.tokens.current import check_scope
from portal.tokens.sign_in import Issued, held, issue, proved_phone
from portal.tokens.tickets import LONGEST

__all__ = ["blueprint"]


class Joining(Input):
    """Who joins. Either with `ticket`, which signing in by code gives (409 …:not_joined) for a
    phone without an account; or without it, with the token of an account that is no member yet."""

    ticket = Secret(LONGEST, metadata={"description": "From the 409 of POST /api/v1/sign-in."})
    name = Text(NAME_MAX, required=True)
    salutation = Choice(Salutation, load_default=str(Salutation.NONE))
    adult = Flag(
        required=True,
        metadata={"description": "True: eighteen or older. Others cannot join, and are refused."},
    )
    consents = fields.Nested(Consents, required=True)
    follow = Text(40, load_default="", metadata={"description": "A project's slug."})


class Joined(Issued):
    """The new member's token (the one that asked, if one did), and what was found: homes that the
    roster knew, for instance."""

    messages = list_of(Text())


@blueprint.call("POST", "/join", Joined, status=201, body=Joining)
@public
@secret_answer
def join_club(body: dict[str, Any]) -> dict[str, Any]:
    """Join the club: with the ticket of a proved phone, or with the token of an account."""
    account: Account | None = g.get("account")
    if account is not None:
        check_scope(Scope.WRITE)
    phone = None if account else proved_phone(body.get("ticket"))
    if account is None and phone is None:
        raise invalid(ticket=gettext("Please confirm your phone number first."))
    choices: list[JoinChoice] = fill("join_choices")
    in_force = current_legal_texts()
    values = {
        **{name: body[name] for name in ("name", "salutation", "adult", "follow")},
        "consents": [
            in_force[kind].id
            for kind, version in body["consents"].items()
            if kind in in_force and in_force[kind].version == version
        ],
    }
    form = form_over(JoinForm, values, legal_text_ids={text.id for text in in_force.values()})
    offer(form, choices)
    checked(form)
    if account and find_current_member():
        raise Problem(
            409,
            "already_member",
            title=gettext("Already a member"),
            detail=gettext("This account is a member already."),
        )
    if phone and find_account_by_phone(phone):
        raise _known()
    try:
        member, messages = admit(form, choices, account, phone)
    except (AccountExistsError, MemberError) as error:
        raise _known() from error
    if account is not None:
        db.session.commit()
        return {**held(), "messages": messages}
    issued = issue(db.session.get_one(Account, member.account_id), SignInMethod.CODE)
    return {**issued, "messages": messages}


def _known() -> Problem:
    db.session.rollback()
    detail = gettext("This number already has an account. Please sign in.")
    return Problem(409, "already_joined", title=gettext("There is an account"), detail=detail)
