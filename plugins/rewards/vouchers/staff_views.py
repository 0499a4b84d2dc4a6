"""The staff's vouchers: the desk that checks and uses them, what they are worth, lists of codes,
the link of a partner."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.rewards.blueprint import staff
from plugins.rewards.errors import RewardError
from plugins.rewards.models import Item
from plugins.rewards.sending import sent_list
from plugins.rewards.staff_views import MANAGE, own_item
from plugins.rewards.states import Kind
from plugins.rewards.vouchers import queries, service
from plugins.rewards.vouchers.listing import NEW, Listed, look_over, read_codes
from plugins.rewards.vouchers.using import Outcome, fen, look
from plugins.rewards.words import REFUSALS
from portal.sdk import (
    current_account,
    current_project,
    db,
    gettext,
    issue_token,
    ngettext,
    now,
    record,
    requires,
    revoke_tokens,
    takes_files,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
SERVE = "rewards.serve"
_LINK_DAYS = 365
_TOLD_MOST = 100


@staff.get("/p/<project>/staff/rewards/vouchers")
@requires(SERVE)
def vouchers() -> str:
    """Ask for the code of a voucher; one that was scanned is filled in."""
    typed = request.args.get("code", "")[:300]
    return render_template("rewards/voucher_desk.html", typed=typed, outcome=Outcome())


@staff.post("/p/<project>/staff/rewards/vouchers")
@requires(SERVE)
def use_voucher() -> Page:
    """Check a voucher, or take something off it."""
    actor, form = current_account(), request.form
    outcome = look(
        actor=actor,
        project=current_project(),
        who=f"account:{actor.id}",
        text=form.get("code", ""),
        take=form.get("act") == "use",
        seen=form.get("seen", ""),
        amount=form.get("amount", ""),
    )
    typed = form.get("code", "")[:300]
    page = render_template("rewards/voucher_desk.html", typed=typed, outcome=outcome)
    return page, outcome.status


@staff.get("/p/<project>/staff/rewards/<public_id>/vouchers")
@requires(MANAGE)
def set_up(public_id: str) -> str:
    """Show what vouchers of an item are worth, and how many codes there are."""
    return _set_up(_item(public_id))


@staff.post("/p/<project>/staff/rewards/<public_id>/vouchers")
@requires(MANAGE)
@takes_files(1)
def change_set_up(public_id: str) -> Page:
    """Change the worth, look at codes and import them, or make the partner's link."""
    item, act, actor = _item(public_id), request.form.get("act", ""), current_account()
    project = current_project()
    try:
        if act in ("codes", "look"):
            lines = read_codes(sent_list("codes"))
            if act == "look":
                return _set_up(item, told=look_over(lines), codes="\n".join(lines))
            new = service.import_codes(actor=actor, project=project, item=item, lines=lines)
            flash(ngettext("%(num)d new code.", "%(num)d new codes.", new))
        elif act == "terms":
            _change_terms(item)
            flash(gettext("Saved. Vouchers that were given out stay as they are."))
        elif act == "link":
            return _new_link(item)
        else:
            raise NotFound
    except RewardError as error:
        db.session.rollback()
        said = f"{REFUSALS.get(error.code, '')} {error.said}".strip()
        return _set_up(_item(public_id), refused=said), 422
    db.session.commit()
    return redirect(url_for("rewards_staff.set_up", public_id=public_id), 303)


def _change_terms(item: Item) -> None:
    worth, days = request.form.get("worth", "").strip(), request.form.get("days", "").strip()
    amount = fen(worth) if worth else None
    if worth and not amount:
        raise RewardError("BAD_AMOUNT")
    if not (days.isascii() and days.isdecimal() and 1 <= int(days[:6]) <= 3650):
        raise RewardError("BAD_DAYS")
    service.set_terms(
        actor=current_account(), project=current_project(), item=item, worth=amount, days=int(days)
    )


def _new_link(item: Item) -> str:
    """Make the link anew: the one before opens nothing more. It is shown this once."""
    project = current_project()
    revoke_tokens(plugin="rewards", subject=item.public_id)
    link = issue_token(
        plugin="rewards",
        purpose="partner",
        project=project,
        expires_at=now() + timedelta(days=_LINK_DAYS),
        subject=item.public_id,
    )
    record(
        actor=current_account(),
        action="rewards.partner_linked",
        subject=("rewards_item", item.public_id),
        project_id=project.id,
    )
    db.session.commit()
    return _set_up(item, link=link)


def _item(public_id: str) -> Item:
    found = own_item(public_id)
    if found.kind != Kind.VOUCHER:
        raise NotFound
    return found


def _set_up(
    item: Item, refused: str = "", link: str = "", told: Sequence[Listed] = (), codes: str = ""
) -> str:
    return render_template(
        "rewards/voucher_set_up.html",
        item=item,
        terms=queries.terms_of(item),
        figures=queries.figures_of(item),
        refused=refused,
        link=link,
        told=[each for each in told if each.result != NEW][:_TOLD_MOST],
        counted=Counter(each.result for each in told),
        codes=codes or request.form.get("codes", ""),
        typed=request.form,
    )
