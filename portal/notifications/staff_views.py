"""The club's own words for what owners are told."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.extensions import db
from portal.i18n import LANGUAGES, Text, gettext, lazy
from portal.messages.models import Channel, MessageState
from portal.messages.queries import refused_count, sent_page
from portal.notifications import queries, service
from portal.notifications.blueprint import blueprint
from portal.notifications.forms import WordingForm
from portal.notifications.kinds import NotificationKind, known_kinds
from portal.notifications.views import CHANNEL_TITLES
from portal.notifications.wording import fill_in, own_wordings, usual

__all__ = ["blueprint"]

STATE_TITLES: dict[str, Text] = {
    MessageState.REFUSED: lazy("Refused"),
    MessageState.WAITING: lazy("Waiting"),
    MessageState.SENT: lazy("Sent"),
    MessageState.EXPIRED: lazy("Too late"),
    MessageState.SKIPPED: lazy("Not sent"),
}
"""What became of messages, in the order in which it needs somebody."""


@blueprint.get("/centre/notifications")
@requires("notifications.manage")
def kinds() -> str:
    """List the kinds of messages, and which have the club's own words."""
    return render_template(
        "notifications/kinds.html", kinds=queries.sorted_kinds(), reworded=queries.reworded()
    )


@blueprint.route("/centre/notifications/<kind>", methods=["GET", "POST"])
@requires("notifications.manage")
def edit_wording(kind: str) -> str | tuple[str, int] | Response:
    """Write the club's own words for a kind, look at them, and save them."""
    found = known_kinds().get(kind)
    if found is None:
        raise NotFound
    form = WordingForm()
    form.kind = found
    if request.method == "GET":
        for locale, (subject, body) in own_wordings(found).items():
            form[f"subject_{locale}"].data, form[f"body_{locale}"].data = subject, body
        return _show(form, found)
    if not form.validate_on_submit():
        return _show(form, found, 422)
    if form.preview.data:
        return _show(form, found)
    service.reword(actor=current_account(), kind=found, wordings=form.wordings())
    db.session.commit()
    flash(gettext("The words are saved. They count from the next message on."))
    return redirect(url_for("notifications.edit_wording", kind=kind), 303)


@blueprint.get("/centre/messages")
@requires("notifications.manage")
def sent() -> str:
    """Show what left the portal, to masked addresses, and what nobody took."""
    state, channel = request.args.get("state", ""), request.args.get("channel", "")
    return render_template(
        "notifications/sent.html",
        page=sent_page(
            MessageState(state) if state in set(MessageState) else None,
            Channel(channel) if channel in set(Channel) else None,
        ),
        refused=refused_count(),
        state=state if state in set(MessageState) else "",
        channel=channel if channel in set(Channel) else "",
        states=STATE_TITLES,
        channels=CHANNEL_TITLES,
        kinds=known_kinds(),
    )


def _show(form: WordingForm, kind: NotificationKind, status: int = 200) -> tuple[str, int]:
    usual_words = {locale: usual(kind, locale) for locale in LANGUAGES}
    words = {**usual_words, **(form.wordings() if not form.errors else {})}
    shown = {}
    for locale, (subject, body) in words.items():
        with force_locale(locale):
            sample = {name: str(value) for name, value in kind.sample.items()}
        shown[locale] = (fill_in(subject, sample), fill_in(body, sample))
    page = render_template(
        "notifications/wording.html", form=form, kind=kind, usual=usual_words, shown=shown
    )
    return page, status
