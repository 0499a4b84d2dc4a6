"""A wave that waits for a household's answer, for the portal's own tests."""

import sqlalchemy as sa

from plugins.surveys.models import Action, Code, Draft, Participation, SideAnswer
from portal.extensions import db
from portal.members.models import Member
from portal.projects.models import Project
from tests.factories import add
from tests.plugin_host.conftest import switch_on
from tests.plugins.surveys.instruments import document, question
from tests.plugins.surveys.waves import add_ballot, make_survey, make_wave

_WAVE, _QUESTION = "surveys.wave", "surveys.question"
_ACTION, _RELEASED = "surveys.action", "surveys.released"
NAMES: dict[str, dict[str, str]] = {
    "surveys": {"public_id": _WAVE},
    "surveys_api": {"public_id": _WAVE},
    "surveys_staff_api": {"public_id": _WAVE, "action_id": _ACTION},
    "surveys_staff": {
        "public_id": _WAVE,
        "question": _QUESTION,
        "action_id": _ACTION,
    },
    "surveys.results": {"public_id": _RELEASED},
    "surveys_api.published_results": {"public_id": _RELEASED},
}


def add_sample(project: Project, member: Member) -> dict[str, str]:
    """Add a wave in field with the member's household in its frame."""
    switch_on("surveys", project)
    why = f"why_{project.id}"
    asked = document([question("q1"), question("q2", "nps"), question(why, "long")])
    wave = make_wave(project.id, members=[member], instrument=asked)
    mine = sa.select(Participation).where(Participation.wave_id == wave.id)
    begun = {"project_id": project.id, "member_id": member.id, "answers": {"q1": 4}}
    waiting = db.session.scalars(mine).one()
    add(Draft(participation_id=waiting.id, saved_at=wave.created_at, **begun))
    # The year before, with an answer of the member's.
    last = make_wave(project.id, members=[member], survey=make_survey(project.id, "before"))
    ballot = add_ballot(last, [4, 1], submitted_at=last.created_at)
    line = db.session.scalars(
        sa.select(Participation).where(Participation.wave_id == last.id)
    ).one()
    line.answered, line.ballot_id, line.answered_by = True, ballot.id, member.id
    side = {"ballot_id": ballot.id, "item": 1, "project_id": project.id}
    add(SideAnswer(**side, kind="text", value="电梯很快"))
    code = {"survey_id": wave.survey_id, "question": why, "number": 1, "made_by": 1}
    add(Code(project_id=project.id, title={"zh_Hans_CN": "电梯"}, **code))
    # A third, published, and what is done about the first.
    released = make_wave(
        project.id, members=[member], survey=make_survey(project.id, "out"), state="published"
    )
    said = {"wave_id": wave.id, "project_id": project.id, "said": {"zh_Hans_CN": "灯太暗"}}
    action = add(Action(**said, did={"zh_Hans_CN": "换了新灯"}, position=1))
    db.session.commit()
    return {
        _WAVE: wave.public_id,
        _QUESTION: why,
        _ACTION: action.public_id,
        _RELEASED: released.public_id,
    }
