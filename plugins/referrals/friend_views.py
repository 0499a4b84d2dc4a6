"""The friend's pages, without an account: agree, decline, show the code, withdraw."""

from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.referrals import consent, inviting, queries
from plugins.referrals.blueprint import friends
from plugins.referrals.codes import show_code
from plugins.referrals.errors import ReferralError
from plugins.referrals.exclusions import NAME, hash_of
from plugins.referrals.forms import ConsentForm, NumberForm
from plugins.referrals.models import Lead, Referrer
from plugins.referrals.poster import qr_of
from plugins.referrals.rules import rules_now
from plugins.referrals.words import REFUSALS, STATUS
from portal.sdk import (
    CodeError,
    check_code,
    code_phone,
    current_project,
    current_token,
    db,
    find_members,
    gettext,
    localized,
    mask_phone,
    now,
    public,
    send_code,
)

__all__ = ["friends"]

Page = str | tuple[str, int] | Response


@friends.after_request
def keep_to_ourselves(answer: Response) -> Response:
    """Keep the friend's pages out of search engines, caches and other sites' logs."""
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@friends.route("/p/<project>/referrals/i/<code>", methods=["GET", "POST"])
@public
def welcome(code: str) -> Page:
    """Show what an owner's own link is about; agreeing needs the form sent, with a code."""
    referrer = _open_referrer(code)
    if not isinstance(referrer, Referrer):
        return referrer
    asked = _Asked(referrer)
    if request.method == "GET":
        return _page(asked)
    return _agree(asked)


@friends.post("/p/<project>/referrals/i/<code>/number")
@public
def number(code: str) -> Page:
    """Text a code to the number that a friend typed; nothing of it is kept."""
    referrer = _open_referrer(code)
    if not isinstance(referrer, Referrer):
        return referrer
    return _send(_Asked(referrer), url_for("referrals_friend.welcome", code=code))


@friends.get("/t/referrals/<token>")
@public
def token_page() -> Page:
    """Show an invitation, or the friend's own page."""
    token, lead = current_token(), _lead()
    if token.purpose == consent.FRIEND:
        return _own_page(lead)
    if rules_now(current_project().id, now()) is None:
        return _closed("NOT_OPEN")
    return _page(_Asked(lead.referrer, lead))


@friends.post("/t/referrals/<token>/number")
@public
def invited_number() -> Page:
    """Text a code to the number that the invitation was made for, typed once more."""
    lead = _lead(inviting.INVITATION)
    return _send(_Asked(lead.referrer, lead), url_for("referrals_friend.token_page"))


@friends.post("/t/referrals/<token>/agree")
@public
def agree() -> Page:
    """Write down the friend's yes."""
    lead = _lead(inviting.INVITATION)
    return _agree(_Asked(lead.referrer, lead))


@friends.post("/t/referrals/<token>/refuse")
@public
def refuse() -> Page:
    """Write down the friend's no; what was kept goes."""
    try:
        inviting.refuse(project=current_project(), lead=_lead(inviting.INVITATION))
    except ReferralError:
        db.session.rollback()
        return _closed("ReferralExpired")
    db.session.commit()
    return _bye(gettext("You have declined"), gettext("Nothing about you is kept here."))


@friends.post("/t/referrals/<token>/withdraw")
@public
def withdraw() -> Page:
    """Take the consent back; name and number are erased at once."""
    try:
        consent.withdraw(project=current_project(), lead=_lead(consent.FRIEND), at=now())
    except ReferralError:
        db.session.rollback()
        return _closed("ReferralExpired")
    db.session.commit()
    return _bye(
        gettext("Your consent is withdrawn"), gettext("Your name and number have been erased.")
    )


def consent_words() -> str:
    """Return what a friend agrees to, as it is shown and as its proof is made of."""
    words = gettext(
        "I agree that the sales office of %(project)s keeps my name and mobile number to note my "
        "visit and purchase, and tells the neighbour who invited me how far I am, without showing "
        "my name or full number. I can withdraw at any time; everything is erased then.",
        project=localized(current_project().name),
    )
    rules = rules_now(current_project().id, now())
    if rules is None or not rules.shares:
        return words
    further = gettext("Other neighbours who had invited me learn that much, too.")
    return f"{words} {further}"


@dataclass(frozen=True)
class _Asked:
    """Who asks for a friend's consent: an owner by the own link, or by an invitation."""

    referrer: Referrer
    lead: Lead | None = None

    @property
    def purpose(self) -> str:
        """What the code proves a number for."""
        return f"consent:{(self.lead or self.referrer).public_id}"

    @property
    def phone(self) -> str | None:
        """The number to which this browser had a code sent for it."""
        return code_phone(plugin=NAME, purpose=self.purpose)


def _send(asked: _Asked, back: str) -> Page:
    form = NumberForm()
    if not form.validate():
        return _page(asked, form, status=422)
    if asked.lead and hash_of(form.number) != asked.lead.phone_hash:
        form.form_errors.append(str(REFUSALS["OTHER_NUMBER"]))
        return _page(asked, form, status=STATUS["OTHER_NUMBER"])
    try:
        send_code(plugin=NAME, purpose=asked.purpose, phone=form.number, project=current_project())
    except CodeError as error:
        db.session.rollback()
        form.phone.errors = [str(error.sentence)]
        return _page(asked, form, status=429)
    db.session.commit()
    return redirect(back, 303)


def _agree(asked: _Asked) -> Page:
    form = ConsentForm()
    if not form.validate():
        return _page(asked, form, status=422)
    try:
        phone = check_code(plugin=NAME, purpose=asked.purpose, code=form.code.data or "")
    except CodeError as error:
        form.code.errors = [str(error.sentence)]
        return _page(asked, form, status=422)
    values: dict[str, Any] = {
        "project": current_project(), "name": (form.name.data or "").strip(), "phone": phone,
        "words": consent_words(), "at": now(),
    }  # fmt: skip
    try:
        if asked.lead is None:
            made = consent.agree_by_link(referrer=asked.referrer, **values)
        else:
            found = consent.agree_to_invitation(lead=asked.lead, **values)
            if found is None:
                db.session.commit()
                return _closed("ReferralExpired")
            made = found
    except ReferralError as error:
        # The code is used, and what was counted stays.
        db.session.commit()
        return _refused(asked, error)
    link = consent.friend_link(project=current_project(), lead=made)
    db.session.commit()
    return redirect(link, 303)


def _page(
    asked: _Asked, form: NumberForm | ConsentForm | None = None, status: int = 200
) -> tuple[str, int]:
    """Ask for the number first, then for the code together with name and consent."""
    member = find_members([asked.referrer.member_id])[asked.referrer.member_id]
    phone = None if "other" in request.args else asked.phone
    if form is None or (phone is None and isinstance(form, ConsentForm)):
        form = ConsentForm(formdata=None) if phone else NumberForm(formdata=None)
    page = render_template(
        "referrals/consent.html",
        form=form,
        proving=isinstance(form, ConsentForm),
        sent_to=mask_phone(phone) if phone else "",
        lead=asked.lead,
        owner=f"{member.name[:1]}**",
        consent_words=consent_words(),
        rules=rules_now(current_project().id, now()),
        code=asked.referrer.code,
    )
    return page, status


def _refused(asked: _Asked, error: ReferralError) -> tuple[str, int]:
    if error.code == "ReferralExpired":
        return _closed(error.code)
    # What excludes somebody is nobody's business but the sales office's.
    own = error.code in ("TooManyReports", "NOT_OPEN", "CountryNotAllowed")
    form = NumberForm(formdata=None)
    form.form_errors.append(str(REFUSALS[error.code if own else "LeadProtectedByOther"]))
    return _page(asked, form, STATUS.get(error.code, 409) if own else 409)


def _open_referrer(code: str) -> Referrer | tuple[str, int]:
    project = current_project()
    referrer = queries.referrer_by_code(project.id, code)
    if referrer is None:
        return _closed("AdvocateNotFound")
    return referrer if rules_now(project.id, now()) else _closed("NOT_OPEN")


def _own_page(lead: Lead) -> str:
    check = url_for("referrals_staff.scan", project=current_project().slug, code=lead.pass_code)
    return render_template(
        "referrals/friend.html",
        lead=lead,
        code=show_code(lead.pass_code),
        qr=qr_of(request.host_url.rstrip("/") + check),
        at=now(),
    )


def _closed(code: str) -> tuple[str, int]:
    page = render_template("referrals/bye.html", title=REFUSALS[code], hint="")
    return page, 404 if code == "AdvocateNotFound" else 409


def _bye(title: str, hint: str) -> str:
    return render_template("referrals/bye.html", title=title, hint=hint)


def _lead(purpose: str = "") -> Lead:
    token = current_token()
    found = queries.lead_of_project(current_project().id, token.subject)
    if found is None or (purpose and token.purpose != purpose):
        raise NotFound
    return found
