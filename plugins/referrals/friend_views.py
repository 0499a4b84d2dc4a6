"""The friend's pages, without an account: agree, decline, show the code, withdraw."""

from flask import redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.referrals import inviting, queries
from plugins.referrals.blueprint import friends
from plugins.referrals.codes import show_code
from plugins.referrals.errors import ReferralError
from plugins.referrals.forms import ConsentForm
from plugins.referrals.models import Lead, Referrer
from plugins.referrals.poster import qr_of
from plugins.referrals.rules import rules_now
from plugins.referrals.words import REFUSALS, STATUS
from portal.sdk import (
    current_project,
    current_token,
    db,
    find_members,
    gettext,
    localized,
    now,
    public,
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
    """Show what an owner's own link is about; agreeing needs the form sent."""
    project = current_project()
    referrer = queries.referrer_by_code(project.id, code)
    if referrer is None or rules_now(project.id, now()) is None:
        return _closed("AdvocateNotFound" if referrer is None else "NOT_OPEN")
    form = ConsentForm()
    if not form.validate_on_submit():
        return _consent(form, referrer), 422 if form.errors else 200
    try:
        made = inviting.agree_by_link(
            project=project,
            referrer=referrer,
            name=(form.name.data or "").strip(),
            phone=form.number,
            words=consent_words(),
            at=now(),
        )
    except ReferralError as error:
        db.session.commit()
        return _refused(form, referrer, error)
    return _to_friends_page(made)


@friends.get("/t/referrals/<token>")
@public
def token_page() -> Page:
    """Show an invitation, or the friend's own page."""
    token, lead = current_token(), _lead()
    if token.purpose == inviting.FRIEND:
        return _own_page(lead)
    if rules_now(current_project().id, now()) is None:
        return _closed("NOT_OPEN")
    return _consent(ConsentForm(), _referrer(lead), lead)


@friends.post("/t/referrals/<token>/agree")
@public
def agree() -> Page:
    """Write down the friend's yes."""
    lead = _lead(inviting.INVITATION)
    form, referrer = ConsentForm(), _referrer(lead)
    if not form.validate():
        return _consent(form, referrer, lead), 422
    try:
        made = inviting.agree_to_invitation(
            project=current_project(),
            lead=lead,
            name=(form.name.data or "").strip(),
            phone=form.number,
            words=consent_words(),
            at=now(),
        )
    except ReferralError as error:
        db.session.rollback()
        if error.code == "ReferralExpired":
            return _closed(error.code)
        return _refused(form, referrer, error, lead)
    if made is None:
        db.session.commit()
        return _closed("ReferralExpired")
    return _to_friends_page(made)


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
        inviting.withdraw(project=current_project(), lead=_lead(inviting.FRIEND), at=now())
    except ReferralError:
        db.session.rollback()
        return _closed("ReferralExpired")
    db.session.commit()
    return _bye(
        gettext("Your consent is withdrawn"), gettext("Your name and number have been erased.")
    )


def consent_words() -> str:
    """Return what a friend agrees to, as it is shown and as its proof is made of."""
    return gettext(
        "I agree that the sales office of %(project)s keeps my name and mobile number to note my "
        "visit and purchase, and tells the neighbour who invited me how far I am, without showing "
        "my name or full number. I can withdraw at any time; everything is erased then.",
        project=localized(current_project().name),
    )


def _to_friends_page(lead: Lead) -> Response:
    link = inviting.friend_link(project=current_project(), lead=lead)
    db.session.commit()
    return redirect(link, 303)


def _consent(form: ConsentForm, referrer: Referrer, lead: Lead | None = None) -> str:
    member = find_members([referrer.member_id])[referrer.member_id]
    return render_template(
        "referrals/consent.html",
        form=form,
        lead=lead,
        owner=f"{member.name[:1]}**",
        consent_words=consent_words(),
        rules=rules_now(current_project().id, now()),
        code=referrer.code,
    )


def _refused(
    form: ConsentForm, referrer: Referrer, error: ReferralError, lead: Lead | None = None
) -> tuple[str, int]:
    # What excludes somebody is nobody's business but the sales office's.
    own = error.code in ("OTHER_NUMBER", "TooManyReports", "NOT_OPEN")
    said = REFUSALS[error.code if own else "LeadProtectedByOther"]
    form.form_errors.append(str(said))
    status = STATUS.get(error.code, 409) if own else 409
    return _consent(form, referrer, lead), status


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


def _referrer(lead: Lead) -> Referrer:
    return lead.referrer
