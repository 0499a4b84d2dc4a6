"""Covering part of a photo: the stored picture changes, the old one is at no address any more."""

import io

import sqlalchemy as sa
from PIL import Image

from plugins.complaints import posting
from plugins.complaints.models import Act, Post, Review
from plugins.complaints.states import ActKind
from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.pictures import Picture
from portal.files.storage import path_of
from portal.plugin_host.refs import member_ref
from tests import factories

QUEUE = "/p/binjiang/staff/complaints/moderation"
BOX = {"first-left": 50, "first-top": 0, "first-width": 50, "first-height": 100}
WHY = {"reason": "personal", "note": ""}


def test_a_covered_part_is_gone_from_every_address(app, client, place, make_case):
    case = make_case()
    picture = Picture(factories.picture_bytes((200, 100), "JPEG"), 200, 100, "a.jpg")
    posting.reply(
        case_id=case.id,
        member=member_ref(place.neighbour),
        project=place.ref,
        body="照片",
        pictures=[picture],
    )
    db.session.commit()
    post = db.session.scalars(sa.select(Post)).one()
    (old,) = post.photos
    stored = db.session.scalars(sa.select(StoredFile)).one()
    where = path_of(stored.storage_name)
    account = factories.make_staff("moderator", place.project)
    guard = factories.sign_in(client, account)
    begin = f"/p/binjiang/staff/complaints/{case.public_id}/look?post={post.public_id}"
    assert guard.post(begin).status_code == 303
    look = db.session.scalars(sa.select(Review.public_id)).one()
    page = f"{QUEUE}/{look}/cover?photo=0"
    assert old in guard.get(page).text
    clerk = factories.sign_in(app.test_client(), place.clerk)
    assert clerk.post(page, data={**BOX, **WHY}).status_code == 403
    for wrong in ({}, {**BOX, "first-width": 101}, {**BOX, "first-height": 0}):
        assert guard.post(page, data={**wrong, **WHY}).status_code == 422
    for missing in ("7", "-1", "x", "９"):
        assert guard.get(f"{QUEUE}/{look}/cover?photo={missing}").status_code == 404
    assert where.exists()
    assert guard.post(page, data={**BOX, **WHY}).status_code == 303
    db.session.expire_all()
    (new,) = db.session.scalars(sa.select(Post)).one().photos
    assert new != old
    assert not where.exists()
    owner = factories.sign_in(app.test_client(), place.member)
    for reader in (owner, guard, clerk):
        assert reader.get(old).status_code == 404
    with owner.get(new) as answer:
        shown = Image.open(io.BytesIO(answer.data)).convert("RGB")
    assert max(shown.getpixel((150, 50))) < 20
    assert shown.getpixel((50, 50))[0] > 120
    act = db.session.scalars(sa.select(Act)).one()
    assert (act.kind, act.member_id) == (ActKind.REDACT, place.neighbour.id)
    assert guard.post(page, data={**BOX, **WHY}).status_code == 303
    assert (
        guard.post(f"{QUEUE}/{look}", data={"act": "keep", "sanction": "none"}).status_code == 303
    )
    assert guard.post(page, data={**BOX, **WHY}).status_code == 409
