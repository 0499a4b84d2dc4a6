"""Joining the club, once a phone is verified."""

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.access import public
from portal.accounts.flow import may_enter, own_path
from portal.accounts.models import Account, SignInMethod
from portal.accounts.queries import accepted_legal_text_ids, find_account_by_phone
from portal.accounts.service import AccountExistsError, accept_legal_texts
from portal.accounts.session import start_session
from portal.accounts.verified import forget_verified_phone, verified_phone
from portal.club.models import LegalKind
from portal.club.queries import current_legal_texts
from portal.extensions import db
from portal.forms import SelectChoice
from portal.i18n import Text, gettext, lazy
from portal.members.blueprint import blueprint
from portal.members.current import find_current_member
from portal.members.forms import JoinForm
from portal.members.models import Member
from portal.members.service import MemberError, join, register
from portal.phones import mask_phone
from portal.slots import JoinChoice, fill

__all__ = ["LEGAL_TITLES", "blueprint"]

LEGAL_TITLES: dict[str, Text] = {
    LegalKind.TERMS: lazy("Terms of membership"),
    LegalKind.PRIVACY: lazy("Privacy notice"),
}


@blueprint.route("/join", methods=["GET", "POST"], endpoint="join")
@public
def join_club() -> Response | str | tuple[str, int]:
    """Make a member of the person whose phone is verified, or of an account that is none yet."""
    account: Account | None = g.get("account")
    if account and find_current_member():
        return redirect(_target(), 303)
    phone = verified_phone()
    if account is None and phone is None:
        flash(
            gettext("Please confirm your phone number first. A code is valid for 15 minutes."),
            "warning",
        )
        return redirect(url_for("accounts.sign_in"), 303)
    if account is None and phone and find_account_by_phone(phone):
        return _sign_in_instead(phone)
    choices: list[JoinChoice] = fill("join_choices")
    form = _form(choices)
    if not form.validate_on_submit():
        shown = phone or (account.phone if account else None)
        body = render_template(
            "members/join.html",
            form=form,
            phone=mask_phone(shown) if shown else None,
            titles=LEGAL_TITLES,
            texts=current_legal_texts(),
        )
        return (body, 422) if request.method == "POST" else body
    try:
        return _join(form, choices, account, phone)
    except (AccountExistsError, MemberError):
        db.session.rollback()
        return _sign_in_instead(phone)


def _form(choices: list[JoinChoice]) -> JoinForm:
    form = JoinForm(
        data={"name": g.account.display_name} if g.get("account") else None,
        legal_text_ids={text.id for text in current_legal_texts().values()},
    )
    offer(form, choices)
    return form


def offer(form: JoinForm, choices: list[JoinChoice]) -> None:
    """Let the form's reader choose among these projects, or none."""
    form.follow.choices = [
        SelectChoice("", gettext("Not decided yet")),
        *(SelectChoice(choice.key, choice.title) for choice in choices),
    ]


def _join(
    form: JoinForm, choices: list[JoinChoice], account: Account | None, phone: str | None
) -> Response:
    member, messages = admit(form, choices, account, phone)
    if account is None:
        joined = db.session.get_one(Account, member.account_id)
        start_session(joined, SignInMethod.CODE)
    db.session.commit()
    for message in messages:
        flash(message)
    return redirect(_target(), 303)


def admit(
    form: JoinForm, choices: list[JoinChoice], account: Account | None, phone: str | None
) -> tuple[Member, list[str]]:
    """Make the member whom a valid form describes; return what is to be told, too.

    Raises AccountExistsError, MemberError. The caller commits.
    """
    name, salutation = form.name.data or "", form.salutation.data
    if account is not None:
        accept_legal_texts(account=account, legal_text_ids=set(form.legal_text_ids))
        member = join(account=account, name=name, salutation=salutation)
    else:
        member = register(
            phone=phone or "",
            name=name,
            salutation=salutation,
            legal_text_ids=set(form.legal_text_ids),
        )
    for choice in choices:
        if choice.key == form.follow.data:
            choice.choose(member)
    return member, _welcome(member)


def _target() -> str:
    """Return where the newcomer was going, an invitation perhaps, else home."""
    return own_path(request.args.get("next")) or url_for("home.index")


def _welcome(member: Member) -> list[str]:
    verified = [str(message) for message in fill("on_member_joined", member)]
    return [gettext("Welcome, %(name)s. You are now a member.", name=member.name), *verified]


def _sign_in_instead(phone: str | None) -> Response:
    """Sign in whoever got an account while the form was open: the code was theirs as well."""
    account = find_account_by_phone(phone) if phone else None
    one_step = account is not None and may_enter(account) and account.totp_confirmed_at is None
    if account and one_step and request.method == "POST":
        start_session(account, SignInMethod.CODE)
        db.session.commit()
        flash(gettext("This number already had an account. You are signed in."))
        return redirect(_target(), 303)
    forget_verified_phone()
    flash(gettext("This number already has an account. Please sign in."), "warning")
    return redirect(url_for("accounts.sign_in", next=own_path(request.args.get("next"))), 303)


def consents_missing(account: Account) -> bool:
    """Tell whether a text in force is not accepted yet by `account`."""
    wanted = {text.id for text in current_legal_texts().values()}
    return bool(wanted - accepted_legal_text_ids(account.id))
