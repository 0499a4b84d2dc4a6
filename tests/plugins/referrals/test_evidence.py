"""Pictures in the room of a dispute: written anew, for who is in the room, gone with the rest."""

import pytest
import sqlalchemy as sa

from plugins.referrals import consent, disputes, privacy
from plugins.referrals.models import Dispute
from portal import clock
from portal.extensions import db
from portal.files.models import StoredFile
from tests import factories
from tests.plugins.referrals.test_disputes import PHONE, rejected
from tests.plugins.referrals.test_rewards import DESK


def sent(words: str, *files: bytes) -> dict[str, object]:
    """Return what a form of the room sends."""
    shots = files or (factories.picture_bytes((80, 60)),)
    return {"words": words, "photos": [factories.photo(each) for each in shots]}


def kept() -> list[StoredFile]:
    return list(
        db.session.scalars(
            sa.select(StoredFile)
            .where(StoredFile.owner_kind == "referrals.evidence", StoredFile.erased_at.is_(None))
            .order_by(StoredFile.created_at)
        )
    )


def code(client, file: str) -> int:
    with client.get(file) as answer:
        assert b"Exif" not in answer.data
        return answer.status_code


@pytest.fixture
def room(app, client, place, make_lead):
    """A dispute with a picture of the owner's and one of the sales office's."""
    lead = rejected(place, make_lead)
    owner = factories.sign_in(client, place.member)
    at = f"/p/binjiang/referrals/leads/{lead.public_id}/dispute"
    assert owner.post(at, data=sent("我有截图")).status_code == 303
    (theirs,) = kept()
    desk = factories.sign_in(app.test_client(), place.manager)
    found = db.session.scalars(sa.select(Dispute)).one()
    spot = f"{DESK}disputes/{found.public_id}"
    assert desk.post(f"{spot}/evidence", data=sent("来访登记")).status_code == 303
    (ours,) = [each for each in kept() if each.id != theirs.id]
    return lead, owner, desk, (f"/files/{theirs.public_id}", f"/files/{ours.public_id}"), (at, spot)


def test_who_is_in_the_room_sees_them(app, place, room):
    _lead, owner, desk, (theirs, ours), (page, spot) = room
    assert (theirs in owner.get(page).text, ours in owner.get(page).text) == (True, False)
    assert (theirs in desk.get(spot).text, ours in desk.get(spot).text) == (True, True)
    others = [
        factories.sign_in(app.test_client(), each)
        for each in (factories.make_owner(place.project), place.verifier, place.adviser)
    ]
    readers = [owner, desk, *others, app.test_client()]
    answers = [[code(each, file) for file in (theirs, ours)] for each in readers]
    assert answers[:2] == [[200, 404], [200, 200]]
    assert all(each in (302, 403, 404) for answer in answers[2:] for each in answer), answers


def test_what_is_no_picture_is_refused_and_the_words_stay(room):
    _lead, owner, desk, _files, (page, spot) = room
    for client, at in ((owner, page), (desk, spot)):
        answer = client.post(f"{at}/evidence", data=sent("有人证", b"MZ\x90\x00" + b"\0" * 99))
        assert (answer.status_code, "有人证" in answer.text) == (422, True)
        many = client.post(f"{at}/evidence", data=sent("有人证", *[b"x"] * 5))
        assert many.status_code == 422
    assert len(kept()) == 2


def test_they_go_with_the_friend(place, room):
    lead = room[0]
    consent.withdraw(project=place.ref, lead=lead, at=clock.now())
    db.session.commit()
    assert kept() == []
    # Nobody is left to decide about.
    found = db.session.scalars(sa.select(Dispute)).one()
    assert (found.state, lead.state, lead.disputed_at) == ("final", "cancelled", None)


def test_they_go_with_the_owner(place, room):
    privacy.erase(place.owner)
    db.session.commit()
    assert kept() == []


def test_an_appeal_brings_its_own(place, room):
    _lead, owner, _desk, _files, (page, _spot) = room
    found = db.session.scalars(sa.select(Dispute)).one()
    judge = factories.make_staff("manager", place.project)
    disputes.decide(
        actor=judge, project=place.ref, dispute=found, outcome=disputes.Outcome.KEEP,
        words="登记在前", at=clock.now(), appeal_days=7,
    )  # fmt: skip
    db.session.commit()
    assert owner.post(f"{page}/appeal", data=sent("看这张")).status_code == 303
    assert (len(kept()), PHONE in owner.get(page).text) == (3, False)
