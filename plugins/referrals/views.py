"""The owners' pages: code and poster, invitations, and how each friend gets on."""

from flask import flash, redirect, render_template, request, session, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.referrals import dispute_queries, inviting, queries, reward_queries
from plugins.referrals.blueprint import blueprint
from plugins.referrals.codes import show_code
from plugins.referrals.disputes import may_object
from plugins.referrals.earning import coming, lines_of
from plugins.referrals.errors import ReferralError
from plugins.referrals.forms import InviteForm
from plugins.referrals.models import Lead, Referrer
from plugins.referrals.poster import poster as draw_poster
from plugins.referrals.poster import qr_of
from plugins.referrals.rules import rules_now
from plugins.referrals.shares.service import shares_of
from plugins.referrals.states import State
from plugins.referrals.words import REFUSALS, STATUS
from portal.sdk import current_member, current_project, db, gettext, member_only, now

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
_TYPES = {"png": "image/png", "pdf": "application/pdf"}
_KEPT = "referrals_link"


@blueprint.get("/p/<project>/referrals/")
@member_only
def index() -> str:
    """Show the owner's code, the friends and how far each is, and the rules."""
    project, at = current_project(), now()
    rules = rules_now(project.id, at)
    referrer = inviting.referrer_of(project, current_member())
    page = queries.own_leads(referrer) if referrer else None
    link = _own_link(referrer) if referrer else ""
    return render_template(
        "referrals/index.html",
        rules=rules,
        referrer=referrer,
        code=show_code(referrer.code) if referrer else "",
        link=link,
        qr=qr_of(link) if link else None,
        page=page,
        lines=lines_of(rules) if rules else (),
        at=at,
    )


@blueprint.post("/p/<project>/referrals/join")
@member_only
def join() -> Response:
    """Give the member a code."""
    project = current_project()
    if rules_now(project.id, now()) is None:
        raise NotFound
    inviting.join(project=project, member=current_member())
    db.session.commit()
    return redirect(url_for("referrals.index"), 303)


@blueprint.route("/p/<project>/referrals/invite", methods=["GET", "POST"])
@member_only
def invite() -> Page:
    """Invite a friend by number; the answer is a link to pass on."""
    project, member = current_project(), current_member()
    form = InviteForm()
    rules = rules_now(project.id, now())
    if rules is None:
        return redirect(url_for("referrals.index"), 303)
    if not form.validate_on_submit():
        return _invite(form), 422 if form.errors else 200
    referrer = inviting.join(project=project, member=member)
    try:
        lead, link = inviting.invite(
            project=project, member=member, referrer=referrer, phone=form.number, at=now()
        )
    except ReferralError as error:
        # What was counted stays: many tries in a minute raise a flag.
        db.session.commit()
        form.form_errors.append(str(REFUSALS[error.code]))
        return _invite(form), STATUS.get(error.code, 409)
    db.session.commit()
    session[_KEPT] = [lead.public_id, link, form.greeting.data or ""]
    return redirect(url_for("referrals.lead", public_id=lead.public_id), 303)


@blueprint.get("/p/<project>/referrals/leads/<public_id>")
@member_only
def lead(public_id: str) -> str:
    """Show one friend: how far, what is needed next, until when, and which rules decide."""
    found = _own(public_id)
    kept = session.get(_KEPT) or ["", "", ""]
    link, greeting = (kept[1], kept[2]) if kept[0] == public_id else ("", "")
    open_ = found.state == State.INVITED
    mine = inviting.referrer_of(current_project(), current_member())
    rewards = reward_queries.rewards_of(found, owner=mine.id if mine else 0)
    return render_template(
        "referrals/lead.html",
        lead=found,
        link=link if open_ else "",
        greeting=greeting,
        qr=qr_of(link) if link and open_ else None,
        steps=queries.history(found),
        rewards=rewards,
        coming=coming(current_project(), found, rewards),
        shared=_share(found, mine),
        dispute=dispute_queries.of_lead(found),
        may_object=may_object(found),
        at=now(),
    )


@blueprint.post("/p/<project>/referrals/leads/<public_id>/link")
@member_only
def renew_link(public_id: str) -> Page:
    """Make a new link for an invitation; the earlier one opens nothing any more."""
    found = _own(public_id)
    try:
        link = inviting.new_link(project=current_project(), lead=found)
    except ReferralError:
        db.session.rollback()
        return _gone(public_id)
    db.session.commit()
    session[_KEPT] = [public_id, link, ""]
    return redirect(url_for("referrals.lead", public_id=public_id), 303)


@blueprint.post("/p/<project>/referrals/leads/<public_id>/take-back")
@member_only
def take_back(public_id: str) -> Page:
    """Take an invitation back."""
    try:
        inviting.take_back(project=current_project(), lead=_own(public_id))
    except ReferralError:
        db.session.rollback()
        return _gone(public_id)
    db.session.commit()
    flash(gettext("The invitation is taken back; nothing of your friend is kept."))
    return redirect(url_for("referrals.index"), 303)


@blueprint.get("/p/<project>/referrals/poster")
@member_only
def poster() -> str:
    """Show the poster, ready to print."""
    referrer = _referrer()
    link = _own_link(referrer)
    rules = rules_now(current_project().id, now())
    return render_template(
        "referrals/poster.html", code=show_code(referrer.code), qr=qr_of(link), rules=rules
    )


@blueprint.get("/p/<project>/referrals/poster.<kind>")
@member_only
def poster_file(kind: str) -> Response:
    """Send the poster as a picture or as a PDF."""
    if kind not in _TYPES:
        raise NotFound
    referrer = _referrer()
    made = draw_poster(referrer.code, _own_link(referrer), kind)
    answer = Response(made, mimetype=_TYPES[kind])
    answer.headers["Content-Disposition"] = f'attachment; filename="poster-{referrer.code}.{kind}"'
    return answer


def _share(found: Lead, mine: Referrer | None) -> int | None:
    """Return the reader's percent of a shared lead."""
    shares = dict(shares_of(found))
    return shares.get(mine.id) if mine and len(shares) > 1 else None


def _own_link(referrer: Referrer) -> str:
    path = url_for("referrals_friend.welcome", code=referrer.code)
    return request.host_url.rstrip("/") + path


def _invite(form: InviteForm) -> str:
    return render_template("referrals/invite.html", form=form)


def _own(public_id: str) -> Lead:
    found = queries.own_lead(current_project().id, current_member().id, public_id)
    if found is None:
        raise NotFound
    return found


def _referrer() -> Referrer:
    found = inviting.referrer_of(current_project(), current_member())
    if found is None:
        raise NotFound
    return found


def _gone(public_id: str) -> Response:
    flash(gettext("This invitation is no longer open."), "warning")
    return redirect(url_for("referrals.lead", public_id=public_id), 303)
