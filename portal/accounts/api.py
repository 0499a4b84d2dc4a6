"""Where one is signed in, for programs: listed and ended."""

from typing import Any

from flask import g
from werkzeug.exceptions import NotFound

from portal.access import signed_in, whole_token
from portal.accounts import service
from portal.accounts.current import current_account
from portal.accounts.models import SignIn, SignInMethod
from portal.accounts.queries import find_sign_in, live_sign_ins
from portal.accounts.words import device_title
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Flag, Moment, Output, Text, Whole, list_of
from portal.extensions import db

blueprint = ApiBlueprint(
    "accounts_api", "portal.accounts", url_prefix="/api/v1/me/sign-ins", title="Sign-ins"
)


class SignInShown(Output):
    """One place where the account is signed in: a browser or a program."""

    id = Text(22)
    device = Text()
    network = Text(45)
    method = Choice(SignInMethod)
    second_factor = Flag()
    last_seen_at = Moment()
    created_at = Moment()
    current = Flag(metadata={"description": "Whether it is the one that asks."})


class SignIns(Output):
    """Where the account is signed in, last seen first."""

    items = list_of(SignInShown)


class Ended(Output):
    """How many were ended."""

    ended = Whole(0, 1_000_000)


@blueprint.call("GET", "", SignIns)
@signed_in
def sign_ins() -> dict[str, Any]:
    """List where one is signed in."""
    return {"items": [_shown(each) for each in live_sign_ins(current_account().id)]}


@blueprint.call("DELETE", "/<public_id>")
@signed_in
@whole_token
def end_sign_in(public_id: str) -> None:
    """End one of one's own sign-ins, also the one that asks."""
    found = find_sign_in(current_account().id, public_id)
    if found is None:
        raise NotFound
    service.end_sign_in(actor=current_account(), sign_in=found)
    db.session.commit()


@blueprint.call("POST", "/end-others", Ended)
@signed_in
@whole_token
def end_others() -> dict[str, int]:
    """End every sign-in but the one that asks."""
    ended = service.end_other_sign_ins(account=current_account(), keep=g.get("sign_in"))
    db.session.commit()
    return {"ended": ended}


def _shown(sign_in: SignIn) -> dict[str, Any]:
    here = g.get("sign_in")
    return {
        "id": sign_in.public_id,
        "device": str(device_title(sign_in)),
        "network": sign_in.network,
        "method": sign_in.method,
        "second_factor": sign_in.second_factor,
        "last_seen_at": sign_in.last_seen_at,
        "created_at": sign_in.created_at,
        "current": here is not None and here.id == sign_in.id,
    }
