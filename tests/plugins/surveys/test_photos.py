"""Photos: kept with the draft, moved to the ballot, seen by two kinds of readers alone."""

import io

import pytest
import sqlalchemy as sa
from PIL import Image

from plugins.surveys.answering.submitting import AnswersError
from plugins.surveys.instrument.checks import check, check_anonymous
from plugins.surveys.models import Ballot, Draft, SideAnswer
from plugins.surveys.privacy import erase
from plugins.surveys.states import Mode, State
from plugins.surveys.waves import service
from portal import clock
from portal.extensions import db
from portal.files.models import StoredFile
from portal.members.models import Household
from tests import factories
from tests.plugins.surveys.instruments import document, instrument, question
from tests.plugins.surveys.test_answering import step
from tests.plugins.surveys.test_submitting import sending
from tests.plugins.surveys.waves import add_ballot, bring, make_survey, make_wave

ASKED = document(
    [question("crack", "photo", required=True), question("q1", required=True)],
    [question("q2", "photo")],
)


def jpeg_upload():
    out = io.BytesIO()
    Image.new("RGB", (80, 60), "#a8261b").save(out, "JPEG")
    return io.BytesIO(out.getvalue()), "crack.jpg"


def files():
    return db.session.scalars(sa.select(StoredFile.public_id).order_by(StoredFile.id)).all()


def seen(client, file):
    with client.get(f"/files/{file}") as answer:
        return answer.status_code


@pytest.fixture
def wave(place):
    return make_wave(place.project.id, members=[place.member], instrument=ASKED)


@pytest.fixture
def owner(client, place):
    return factories.sign_in(client, place.member)


def sent(owner, wave):
    """Take both photos, the first one twice, and send everything; return the file."""
    assert step(owner, wave, "b1", crack=jpeg_upload()).status_code == 422
    [first] = files()
    # Something else was wrong; the photo is there all the same, and another takes its place.
    assert first in owner.get(f"/p/binjiang/surveys/{wave.public_id}/answer").text
    assert step(owner, wave, "b1", crack=jpeg_upload(), q1="4").status_code == 303
    [second] = files()
    assert second != first
    step(owner, wave, "b2", q2=jpeg_upload())
    assert len(files()) == 2
    step(owner, wave, "b2", **{"q2~drop": "yes"})
    assert files() == [second]
    assert step(owner, wave, "review", "send").status_code == 303
    return second


def test_a_photo_goes_from_the_draft_to_the_ballot(app, owner, place, wave):
    mate = factories.make_owner(
        place.project, household=db.session.get(Household, place.member.household_id)
    )
    other = factories.sign_in(app.test_client(), mate)
    step(other, wave, "b1", crack=jpeg_upload(), q1="1")
    [theirs] = files()
    assert (seen(other, theirs), seen(owner, theirs)) == (200, 404)
    step(other, wave, "b1", **{"crack~drop": "yes", "q1": "1"})
    step(other, wave, "b1", crack=jpeg_upload(), q1="1")
    [theirs] = files()
    # Forged: the file is of the same line, but not of this member.
    with pytest.raises(AnswersError) as caught:
        sending(place, wave, place.member, {"crack": theirs, "q1": 4})()
    assert [each.code for each in caught.value.problems] == ["lost_photo"]
    db.session.rollback()
    step(other, wave, "b1", **{"crack~drop": "yes", "q1": "1"})
    file = sent(owner, wave)
    db.session.expire_all()
    assert db.session.scalars(sa.select(Draft)).all() == []
    side = db.session.scalars(sa.select(SideAnswer)).one()
    assert (side.kind, side.value, side.file_id is None) == ("photo", file, False)
    auditor = factories.sign_in(app.test_client(), factories.make_staff("auditor", place.project))
    clerk = factories.sign_in(app.test_client(), place.clerk)
    assert seen(owner, file) == 200
    assert [seen(each, file) for each in (auditor, clerk, other)] == [404] * 3
    bring(wave, State.CLOSED, closed_at=clock.now())
    bring(wave, State.SEALED, sealed_at=clock.now())
    assert [seen(each, file) for each in (auditor, clerk, other)] == [200, 404, 404]


def test_an_erasure_leaves_the_number_alone(owner, place, wave):
    sent(owner, wave)
    erase(place.owner)
    db.session.commit()
    assert db.session.scalar(sa.select(sa.func.count(Ballot.id))) == 1


def test_what_is_no_picture_is_refused_in_words(owner, wave):
    upload = (io.BytesIO(b"no picture"), "words.jpg")
    answer = step(owner, wave, "b1", crack=upload, q1="4")
    assert answer.status_code == 422
    assert "words.jpg" in answer.text
    assert files() == []


def test_an_anonymous_wave_asks_for_no_photo(place):
    asked = instrument([question("crack", "photo")])
    assert check(asked) == []
    assert [each.code for each in check_anonymous(asked)] == ["photo_links"]
    wave = make_wave(
        place.project.id,
        members=[place.member],
        mode=Mode.ANONYMOUS,
        instrument=ASKED,
        state=State.DRAFT,
    )
    assert {each.code for each in service.problems_of(wave)} == {"photo_links"}


def test_the_database_keeps_files_from_anonymous_ballots(place, wave, owner):
    sent(owner, wave)
    file = db.session.scalars(sa.select(StoredFile)).one()
    hidden = make_wave(
        place.project.id,
        members=[place.member],
        mode=Mode.ANONYMOUS,
        survey=make_survey(place.project.id, "hidden"),
    )
    ballot = add_ballot(hidden, [4, 1])
    db.session.add(
        SideAnswer(
            ballot_id=ballot.id,
            item=0,
            project_id=place.project.id,
            kind="photo",
            file_id=file.id,
        )
    )
    with pytest.raises(sa.exc.IntegrityError, match="photo"):
        db.session.flush()
    db.session.rollback()
