"""What a member sees and keeps of themselves."""

from babel.dates import get_month_names
from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import get_locale
from werkzeug.wrappers import Response

from portal.access import member_only, signed_in
from portal.accounts.current import current_account
from portal.accounts.flow import own_path
from portal.accounts.service import accept_legal_texts
from portal.club.queries import current_legal_texts
from portal.extensions import db
from portal.forms import SelectChoice
from portal.i18n import gettext
from portal.members.blueprint import blueprint
from portal.members.current import current_member, find_current_member
from portal.members.forms import ProfileForm
from portal.members.joining import LEGAL_TITLES, consents_missing
from portal.members.queries import phone_views
from portal.members.service import change_profile
from portal.slots import MeLink, fill

__all__ = ["blueprint"]


@blueprint.get("/me/")
@signed_in
def me() -> str:
    """Show who one is, and the way to everything of one's own."""
    account = current_account()
    links: list[MeLink] = fill("me_links")
    return render_template(
        "members/me.html",
        phone=account.phone,
        links=sorted(links, key=lambda link: link.order),
        consents_missing=find_current_member() is not None and consents_missing(account),
    )


@blueprint.route("/me/profile", methods=["GET", "POST"])
@member_only
def profile() -> Response | str | tuple[str, int]:
    """Show what is kept of the member, and let it be changed."""
    member = current_member()
    form = ProfileForm(obj=member)
    offer_months(form)
    if form.validate_on_submit():
        changed = change_profile(
            actor=current_account(),
            member=member,
            name=form.name.data or "",
            salutation=form.salutation.data,
            birth_month=form.birth_month.data or None,
        )
        db.session.commit()
        flash(gettext("Your profile is saved.") if changed else gettext("Nothing was changed."))
        return redirect(url_for("members.profile"), 303)
    # What was typed must not reach the member's row or the page's heading.
    body = render_template("members/profile.html", form=form, views=phone_views(member))
    return (body, 422) if request.method == "POST" else body


def offer_months(form: ProfileForm) -> None:
    """Let the form's reader choose a month of birth, or none."""
    months = get_month_names("wide", locale=get_locale())
    form.birth_month.choices = [
        SelectChoice(0, gettext("Not given")),
        *(SelectChoice(number, name) for number, name in months.items()),
    ]


@blueprint.route("/me/consent", methods=["GET", "POST"])
@member_only
def consent() -> Response | str:
    """Ask a member whom the staff registered, or after a new version, for consent."""
    texts = current_legal_texts()
    wanted = {text.id for text in texts.values()}
    if request.method == "POST" and set(request.form.getlist("consents")) == set(map(str, wanted)):
        accept_legal_texts(account=g.account, legal_text_ids=wanted)
        db.session.commit()
        flash(gettext("Thank you. Your consent is noted."))
        return redirect(own_path(request.args.get("next")) or url_for("members.me"), 303)
    if request.method == "POST":
        flash(gettext("Please read and accept each text to go on."), "error")
        return redirect(url_for("members.consent", next=own_path(request.args.get("next"))), 303)
    return render_template("members/consent.html", texts=texts, titles=LEGAL_TITLES)
