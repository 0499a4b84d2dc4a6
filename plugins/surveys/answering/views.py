"""The owners' pages: the waves they are asked in, one screen a block, sending."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from plugins.surveys.answering import begun, drafts, finding, photos, submitting
from plugins.surveys.answering.finding import Found
from plugins.surveys.answering.listing import listed, until
from plugins.surveys.answering.screens import REVIEW, SECONDS, Walk
from plugins.surveys.answering.standing import open_until, refusal
from plugins.surveys.answering.submitting import AnswersError
from plugins.surveys.answering.words import LISTED, NOTICES, REFUSED, STATUS
from plugins.surveys.blueprint import blueprint
from plugins.surveys.errors import SurveyError
from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.parts import MOST_PHOTOS, Kind, Question
from plugins.surveys.instrument.problems import Problem
from plugins.surveys.publishing.reading import released
from portal.sdk import (
    ClosedLink,
    current_member,
    current_project,
    current_token,
    db,
    gettext,
    member_only,
    now,
    public,
    takes_files,
)

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
_LONGEST = 200_000
INVITATION = "invitation"
"""The purpose of links to a wave; their subject is its public id."""


@blueprint.get("/p/<project>/surveys/")
@member_only
def index() -> str:
    """List the waves that the member is asked in."""
    found = finding.all_mine(current_project().id, current_member())
    at = now()
    return render_template(
        "surveys/index.html",
        found=[listed(each, at) for each in found],
        released=released(current_project().id),
        LISTED=LISTED,
    )


@blueprint.get("/p/<project>/surveys/<public_id>")
@member_only
def show(public_id: str) -> str:
    """Say what a wave asks, who can see the answers, and how it stands."""
    return _intro(find(public_id))


@blueprint.get("/p/<project>/surveys/<public_id>/answer")
@member_only
def answer(public_id: str) -> Page:
    """Show a screen: the one asked for, else the first that is not answered."""
    found = find(public_id)
    if refusal(found.wave, found.asked, now(), found.begun_at):
        return _intro(found)
    walk = _walk(found, found.draft.answers if found.draft else {})
    at = request.args.get("at", "")
    if at != REVIEW and walk.screen(at) is None:
        at = walk.first_open()
    return _screen(found, walk, at, begun.mark(found, request.form))


@blueprint.post("/p/<project>/surveys/<public_id>/answer")
@member_only
@takes_files(MOST_PHOTOS)
def save(public_id: str) -> Page:
    """Take a screen and lead on, back or away; from the last page, send everything."""
    found = find(public_id)
    mark = begun.mark(found, request.form)
    code = refusal(found.wave, found.asked, now(), begun.moment(found, mark))
    if code:
        return _intro(found, code), STATUS[code]
    act, block = request.form.get("act", "next"), request.form.get("block", "")
    walk = _walk(found, _carried(found))
    if act == "send":
        return _send(found, walk, mark)
    screen = walk.screen(block)
    before = {each.key for each in screen.questions} if screen else set()
    typed = walk.typed(block, request.form)
    kept, unfit = _photos(found, screen.questions if screen else ())
    typed |= kept
    walked = walk.with_typed(typed)
    wrong = walked.problems(block) | unfit
    if act in ("back", "later"):
        # Leaving is always free: what does not fit is asked again.
        walked = walk.with_typed({key: each for key, each in typed.items() if key not in wrong})
        wrong = {}
    if wrong:
        _keep_photos(found, walk, kept)
        return _screen(found, walked, block, mark, typed=typed, wrong=wrong), 422
    after = {each.key for each in screen.questions} if (screen := walked.screen(block)) else set()
    following = walked.before(block) if act == "back" else walked.after(block)
    if act == "next" and after - before:
        # An answer brought up another question on the same screen.
        following = block
    return _lead(found, walked, following or block, mark, act)


def _photos(
    found: Found, questions: Sequence[Question]
) -> tuple[dict[str, Any], dict[str, Problem]]:
    """Keep the photos of a screen; return what each question holds, and what is wrong."""
    keys = [each.key for each in questions if each.kind == Kind.PHOTO]
    if not keys or found.anonymous:
        return {}, {}
    pictures, wrong = photos.sent(keys, request.files)
    held = photos.keep(
        found=found,
        project=current_project(),
        member=current_member(),
        keys=keys,
        pictures=pictures,
        dropped=[key for key in keys if request.form.get(f"{key}~drop")],
    )
    return held, wrong


def _keep_photos(found: Found, walk: Walk, kept: Mapping[str, Any]) -> None:
    """Keep photos though something else on their screen is wrong: no form sends them again."""
    if kept:
        answers = {**walk.given, **kept}
        member, at = current_member(), now()
        drafts.save(found=found, member=member, answers=answers, block="", at=at)
        db.session.commit()


@blueprint.get("/t/surveys/<token>")
@public
def invited() -> Page:
    """Lead from an invitation's link to the wave, with a button: the link says who is asked, and
    only whoever signs in as them answers. Looking at it uses nothing up."""
    token = current_token()
    wave = finding.open_wave(current_project().id, token.subject, now())
    if token.purpose != INVITATION or wave is None:
        raise ClosedLink
    return render_template("surveys/invited.html", wave=wave, notice=NOTICES[wave.mode])


def _lead(found: Found, walk: Walk, following: str, mark: str, act: str) -> Page:
    if found.anonymous:
        return _screen(found, walk, following, mark)
    drafts.save(found=found, member=current_member(), answers=walk.given, block=following, at=now())
    db.session.commit()
    public_id = found.wave.public_id
    if act == "later":
        flash(gettext("Your answers are kept. Go on whenever you like, on any device."))
        return redirect(url_for("surveys.index"), 303)
    return redirect(url_for("surveys.answer", public_id=public_id, at=following), 303)


def _send(found: Found, walk: Walk, mark: str) -> Page:
    # What a draft holds beside what is shown was honest once; what a browser carries is not known.
    given = walk.given if found.anonymous else walk.with_typed({}).given
    try:
        submitting.submit(
            found=found,
            member=current_member(),
            project=current_project(),
            given=given,
            at=now(),
            begun_at=begun.moment(found, mark),
            language=str(get_locale()),
            seen=begun.seen(found),
        )
    except AnswersError as error:
        db.session.rollback()
        return _first_wrong(find(found.wave.public_id), walk, mark, error), 422
    except SurveyError as error:
        db.session.rollback()
        return _intro(find(found.wave.public_id), error.code), STATUS[error.code]
    db.session.commit()
    return redirect(url_for("surveys.show", public_id=found.wave.public_id, sent="yes"), 303)


def _first_wrong(found: Found, walk: Walk, mark: str, error: AnswersError) -> str:
    """Show the first screen on which something is wrong."""
    paths = {each.path for each in error.problems}
    for screen in walk.screens:
        if paths & {each.key for each in screen.questions}:
            wrong = {each.path: each for each in error.problems}
            return _screen(found, walk, screen.block.key, mark, wrong=wrong)
    return _screen(found, walk, REVIEW, mark)


def find(public_id: str) -> Found:
    """Return the wave of an address. Raises NotFound where the member is not asked."""
    found = finding.find(current_project().id, public_id, current_member())
    if found is None:
        raise NotFound
    return found


def _intro(found: Found, code: str | None = None) -> str:
    if code is None:
        code = refusal(found.wave, found.asked, now(), found.begun_at)
    asked = read(found.wave.instrument).questions
    questions = sum(each.kind != Kind.TEXT for each in asked)
    return render_template(
        "surveys/show.html",
        found=found,
        wave=found.wave,
        code=code,
        refused=REFUSED.get(code),
        questions=questions,
        until=until(open_until(found.wave, now())),
        minutes=-(-questions * SECONDS // 60),
        notice=NOTICES[found.wave.mode],
        sent=request.args.get("sent") == "yes" and code == "ANSWERED",
    )


def _screen(found: Found, walk: Walk, at: str, mark: str, **more: Any) -> str:
    common = {
        "found": found,
        "wave": found.wave,
        "notice": NOTICES[found.wave.mode],
        "begun": mark,
        "carried": json.dumps(walk.given, ensure_ascii=False) if found.anonymous else "",
    }
    if at == REVIEW or walk.screen(at) is None:
        back = walk.before(REVIEW)
        return render_template("surveys/review.html", lines=walk.lines(), back=back, **common)
    return render_template("surveys/answer.html", page=walk.shown(at, **more), **common)


def _walk(found: Found, given: Any) -> Walk:
    return Walk(read(found.wave.instrument), given, found.seed)


def _carried(found: Found) -> dict[str, Any]:
    """Return what was answered on former screens: from the draft, else from the form itself."""
    if not found.anonymous:
        return dict(found.draft.answers) if found.draft else {}
    carried = request.form.get("carried", "") or "{}"
    try:
        given = json.loads(carried) if len(carried) <= _LONGEST else None
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise BadRequest
    return given
