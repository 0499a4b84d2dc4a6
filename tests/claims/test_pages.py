"""The pages of claims: the member's, the staff's queue, and bad input."""

import errno
from datetime import timedelta

import pytest
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from portal.claims.models import ClaimState, UnitClaim
from portal.extensions import db
from portal.files import storage
from portal.files.models import StoredFile
from portal.projects.models import Ownership
from portal.projects.queries import people_of
from portal.web.errors import NO_STORE
from tests.factories import (
    add,
    make_account,
    make_member,
    make_owner,
    make_ownership,
    make_project,
    make_roster_entry,
    make_staff,
    make_unit,
    photo,
    picture_bytes,
    sign_in,
)

NEW = "/me/claims/new?project=binjiang"
QUEUE = "/p/binjiang/staff/claims"


@pytest.fixture
def project(app):
    return make_project()


@pytest.fixture
def unit(project):
    return make_unit(project, building="2栋", number="1502")


@pytest.fixture
def chen(project):
    return make_member(name="陈明")


@pytest.fixture
def phone(app, chen):
    """The claimant's browser."""
    return sign_in(app.test_client(), chen)


@pytest.fixture
def desk(app, project):
    return sign_in(app.test_client(), make_staff("staff", project))


def form(**values):
    return {
        "building": "2栋",
        "entrance": "",
        "number": "1502",
        "role": "owner",
        "name": "陈明",
        **values,
    }


def post_large(client, path, **values):
    """Post a form as bytes: the client would put a large one into a file that nobody closes."""
    photos = [FileStorage(stream, name) for stream, name in values.pop("photos")]
    fields = MultiDict([*form(**values).items(), *(("photos", each) for each in photos)])
    boundary, body = encode_multipart(fields)
    return client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def claim_by(client, **values):
    answer = client.post(NEW, data=form(**{"photos": [photo()], **values}))
    assert answer.status_code == 303
    return db.session.query(UnitClaim).order_by(UnitClaim.id.desc()).first()


def test_the_project_is_chosen_first(phone, project):
    assert phone.get("/me/claims/new").status_code == 200
    make_project(slug="siji", name="四季苑")
    page = phone.get("/me/claims/new")
    assert "/me/claims/new?project=siji" in page.text
    assert phone.get("/me/claims/new?project=nowhere").status_code == 404
    assert "2栋" not in phone.get(NEW).text
    make_unit(project, building="2栋")
    assert '<option value="2栋">' in phone.get(NEW).text


def test_a_full_disk_is_told_and_nothing_is_half_kept(phone, unit, monkeypatch):
    def no_room(_file):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(storage.os, "fsync", no_room)
        answer = phone.post(NEW, data=form(photos=[photo()]))
    assert answer.status_code == 503
    assert str(NO_STORE.title) in answer.text
    assert db.session.query(UnitClaim).count() == 0
    assert db.session.query(StoredFile).count() == 0
    assert claim_by(phone).state == ClaimState.PENDING


def test_from_the_form_to_the_home(phone, desk, unit):
    claim = claim_by(phone, photos=[photo(), photo(picture_bytes(kind="WEBP"), "b.webp")])
    own = phone.get(f"/me/claims/{claim.public_id}")
    assert own.text.count('<img src="/files/') == 2
    page = desk.get(f"{QUEUE}/{claim.public_id}")
    assert page.text.count('class="proof"') == 2
    answer = desk.post(
        f"{QUEUE}/{claim.public_id}", data={"decision": "approve", "approve_reason": "proof_good"}
    )
    assert answer.location == QUEUE
    assert f"/me/homes/{unit.public_id}" in phone.get("/me/homes").text


def test_a_roster_match_says_so(phone, chen, unit):
    from portal.accounts.models import Account

    make_roster_entry(unit, db.session.get(Account, chen.account_id), name="陈明")
    answer = phone.post(NEW, data=form())
    assert answer.location == "/me/homes"
    assert "notice c-green" in phone.get("/me/homes").text
    assert db.session.query(Ownership).count() == 1


def test_joining_with_the_rosters_phone_opens_the_home(app, unit):
    from portal.claims.hooks import on_member_joined

    account = make_account(display_name="陈明")
    make_roster_entry(unit, account)
    member = make_member(name="陈明", account=account)
    with app.test_request_context():
        messages = on_member_joined(member)
    assert len(messages) == 1
    assert "1502" in messages[0]


def test_the_claimant_reads_the_same_of_a_taken_and_an_unknown_home(phone, unit):
    make_ownership(make_member(name="林晓芸"), unit)
    taken = claim_by(phone)
    unknown = claim_by(phone, building="77栋")
    assert (taken.state, unknown.state) == ("disputed", "pending")
    # The notices of both claims are read here.
    phone.get("/me/")
    pages = [
        phone.get(f"/me/claims/{claim.public_id}").text.replace(claim.public_id, "")
        for claim in (taken, unknown)
    ]
    for page in pages:
        assert "林晓芸" not in page
        assert "disputed" not in page
    words = [sorted(page.split("<main")[1].split("</main>")[0].split("\n")) for page in pages]
    different = [line for line in words[0] if line not in words[1]]
    # Only the address, the photo's own address and the hidden keys differ.
    assert all(
        any(key in line for key in ("1502", "/files/", "idempotency_key")) for line in different
    )
    assert "77" in pages[1]
    listed = phone.get("/me/homes").text
    assert listed.count("c-gold") >= 2
    assert "pill c-rose" not in listed


@pytest.mark.parametrize(
    "wrong",
    [
        {"building": ""},
        {"building": "栋"},
        {"building": "x" * 41},
        {"number": "--"},
        {"number": "1" * 21},
        {"role": "king"},
        {"name": ""},
        {"name": "12345"},
        {"name": "x" * 81},
        {"photos": []},
        {"photos": "text instead of a file"},
        {"photos": [photo(b"<svg onload=alert(1)>", "proof.svg")]},
        {"photos": [photo(b"not a picture", "proof.jpg")]},
        {"photos": [photo(picture_bytes()[:200], "half.png")]},
        {"photos": [photo(b"", "empty.png")]},
        {"photos": [photo() for _ in range(5)]},
        {"photos": [photo(), photo(b"GIF89a", "second.gif")]},
    ],
)
def test_a_wrong_claim_says_what_is_wrong_and_keeps_the_text(phone, unit, wrong):
    wrong = {
        key: [(stream_of(item), item[1]) for item in value] if isinstance(value, list) else value
        for key, value in wrong.items()
    }
    answer = phone.post(NEW, data=form(**{"photos": [photo()], "entrance": "东门", **wrong}))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "东门" in answer.text
    assert db.session.query(UnitClaim).count() == 0
    assert db.session.query(StoredFile).count() == 0


def stream_of(item):
    import io

    return io.BytesIO(item[0].getvalue())


def test_fifty_megabytes_are_refused(phone, unit):
    answer = post_large(phone, NEW, photos=[photo(b"x" * 50 * 1024 * 1024, "big.jpg")])
    assert answer.status_code == 413
    assert db.session.query(UnitClaim).count() == 0


def test_one_photo_too_large_is_named(phone, unit):
    answer = post_large(phone, NEW, photos=[photo(b"x" * 13 * 1024 * 1024, "big.jpg")])
    assert answer.status_code == 422
    assert "big.jpg" in answer.text
    assert "12 MB" in answer.text


def test_pages_without_photos_take_no_large_bodies(phone, project):
    answer = post_large(phone, "/login", photos=[photo(b"x" * 13 * 1024 * 1024, "big.jpg")])
    assert answer.status_code == 413


def test_four_phone_photos_fit(phone, unit):
    noise = [
        photo(picture_bytes((2000, 1500), "JPEG", quality=95) + b"\0" * 5_000_000, f"{n}.jpg")
        for n in range(4)
    ]
    assert post_large(phone, NEW, photos=noise).status_code == 303
    claim = db.session.query(UnitClaim).one()
    assert db.session.query(StoredFile).filter_by(owner_key=claim.public_id).count() == 4


def test_more_proof_and_withdrawing(phone, desk, unit):
    claim = claim_by(phone)
    path = f"/me/claims/{claim.public_id}"
    early = phone.post(f"{path}/proof", data={"photos": [photo()]})
    assert early.status_code == 409
    desk.post(
        f"{QUEUE}/{claim.public_id}",
        data={"decision": "more", "more_reason": "proof_unreadable", "note": "第二页看不清"},
    )
    assert "第二页看不清" in phone.get(path).text
    home = phone.get("/p/binjiang/").text
    nothing = phone.post(f"{path}/proof", data={"note": "在路上"})
    assert nothing.status_code == 422
    assert "在路上" in nothing.text
    assert phone.post(f"{path}/proof", data={"photos": [photo()]}).status_code == 303
    assert home
    assert phone.post(f"{path}/withdraw").location == "/me/homes"
    assert phone.post(f"{path}/withdraw").status_code == 409
    late = desk.post(f"{QUEUE}/{claim.public_id}", data={"decision": "approve"})
    assert late.status_code in (409, 422)
    assert people_of(unit.id) == []


def test_a_member_of_the_project_is_reminded_of_more_proof(app, project, desk, unit):
    owner = make_owner(project)
    client = sign_in(app.test_client(), owner)
    claim = claim_by(client, name=owner.name)
    desk.post(
        f"{QUEUE}/{claim.public_id}", data={"decision": "more", "more_reason": "proof_unreadable"}
    )
    assert f"/me/claims/{claim.public_id}" in client.get("/p/binjiang/").text


def test_a_refused_claim_tells_the_reason(phone, desk, unit):
    claim = claim_by(phone)
    path = f"{QUEUE}/{claim.public_id}"
    silent = desk.post(path, data={"decision": "refuse", "refuse_reason": "other"})
    assert silent.status_code == 422
    data = {"decision": "refuse", "refuse_reason": "other", "note": "请带原件到前台"}
    assert desk.post(path, data=data).status_code == 303
    assert "请带原件到前台" in phone.get(f"/me/claims/{claim.public_id}").text
    again = desk.post(path, data=data)
    assert again.status_code == 409
    assert "claim" not in again.location if again.location else True


def test_other_peoples_claims_are_not_there(app, phone, desk, unit):
    claim = claim_by(phone)
    stranger = sign_in(app.test_client(), make_member(name="路人"))
    path = f"/me/claims/{claim.public_id}"
    assert stranger.get(path).status_code == 404
    assert stranger.post(f"{path}/withdraw").status_code == 404
    assert stranger.post(f"{path}/proof", data={"photos": [photo()]}).status_code == 404
    other = make_project(slug="siji", name="四季苑")
    foreign = sign_in(app.test_client(), make_staff("staff", other))
    assert foreign.get(f"/p/siji/staff/claims/{claim.public_id}").status_code == 404
    answer = foreign.post(
        f"/p/siji/staff/claims/{claim.public_id}",
        data={"decision": "approve", "approve_reason": "proof_good"},
    )
    assert answer.status_code == 404
    assert foreign.get(f"{QUEUE}/{claim.public_id}").status_code == 403
    assert people_of(unit.id) == []


def test_who_may_not_review_gets_403(app, phone, project, unit):
    claim = claim_by(phone)
    for person in (
        make_owner(project),
        make_staff("finance", project),
        make_staff("concierge", project),
    ):
        client = sign_in(app.test_client(), person)
        assert client.get(QUEUE).status_code == 403
        assert client.get(f"{QUEUE}/{claim.public_id}").status_code == 403
        answer = client.post(f"{QUEUE}/{claim.public_id}", data={"decision": "approve"})
        assert answer.status_code == 403


def test_an_account_that_is_no_member_joins_first(app, project):
    client = sign_in(app.test_client(), make_account())
    assert client.get(NEW).status_code in (302, 303, 403)
    assert app.test_client().get(NEW).status_code == 302


def test_a_dispute_shows_both_sides_masked(phone, desk, unit, chen):
    from portal.accounts.models import Account

    present = make_member(name="林晓芸")
    make_ownership(present, unit)
    claim = claim_by(phone)
    page = desk.get(f"{QUEUE}/{claim.public_id}").text
    assert "林晓芸" in page
    for member in (present, chen):
        number = db.session.get(Account, member.account_id).phone
        assert number not in page
        assert number.removeprefix("+86") not in page
    data = {"decision": "approve", "approve_reason": "proof_good"}
    assert desk.post(f"{QUEUE}/{claim.public_id}", data=data).status_code == 422
    data |= {"resolution": "sale", "ended_on": "2024-05-01"}
    assert desk.post(f"{QUEUE}/{claim.public_id}", data=data).status_code == 303
    assert [person.member_id for person in people_of(unit.id)] == [chen.id]


def test_the_queue_has_tabs_search_and_order(phone, desk, project, unit):
    first = claim_by(phone)
    second = claim_by(phone, number="301")
    second.created_at = first.created_at - timedelta(days=1)
    db.session.commit()
    page = desk.get(QUEUE).text
    assert page.index(second.public_id) < page.index(first.public_id)
    for query, found in (
        ("q=陈", 2),
        ("q=1502", 1),
        ("q=2-301", 1),
        ("q=%25", 0),
        ("q=陈 301", 1),
        ("state=refused", 0),
        ("state=nonsense", 2),
        ("q=" + "x" * 400, 0),
    ):
        answer = desk.get(f"{QUEUE}?{query}")
        assert answer.status_code == 200
        assert answer.text.count('class="go"') == found, query
    assert desk.get(f"{QUEUE}?cursor=forged").status_code == 400


def test_the_next_claim_follows_a_decision(phone, desk, unit):
    first = claim_by(phone)
    second = claim_by(phone, number="301")
    page = desk.get(f"{QUEUE}/{first.public_id}").text
    assert f'{QUEUE}/{second.public_id}" data-key="j"' in page
    answer = desk.post(
        f"{QUEUE}/{first.public_id}", data={"decision": "refuse", "refuse_reason": "not_entitled"}
    )
    assert answer.location == f"{QUEUE}/{second.public_id}"


def test_every_state_has_its_page(phone, desk, unit, chen):
    for state in ClaimState:
        claim = claim_by(phone, number=f"{len(state)}0{list(ClaimState).index(state)}")
        claim.unit_id = unit.id
        claim.state = state
        db.session.commit()
        assert phone.get(f"/me/claims/{claim.public_id}").status_code == 200
        assert desk.get(f"{QUEUE}/{claim.public_id}").status_code == 200
        assert desk.get(f"{QUEUE}?state={state}").status_code == 200
    assert phone.get("/me/homes").status_code == 200
    assert desk.get(f"/p/binjiang/staff/members/{chen.public_id}").status_code in (200, 404)


def test_statement_counts(phone, desk, project, unit, query_count):
    make_ownership(make_member(), unit)
    claims = [
        claim_by(phone, number=str(number), photos=[photo(), photo()]) for number in range(1, 10)
    ]
    disputed = claim_by(phone)
    for number in range(30):
        add(
            UnitClaim(
                project_id=project.id,
                member_id=claims[0].member_id,
                building="3",
                number=str(number),
                address=str(number),
                name="陈明",
                role="owner",
            )
        )
    make_roster_entry(unit, make_account())
    for path in (
        QUEUE,
        f"{QUEUE}?q=陈",
        f"{QUEUE}/{claims[3].public_id}",
        f"{QUEUE}/{disputed.public_id}",
    ):
        with query_count() as sent:
            assert desk.get(path).status_code == 200
        assert len(sent) <= 8, path
    for path in ("/me/homes", NEW, f"/me/claims/{disputed.public_id}"):
        with query_count() as sent:
            assert phone.get(path).status_code == 200
        assert len(sent) <= 8, path
