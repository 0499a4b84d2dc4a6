"""Who gets a file, and how it is sent."""

import pytest

from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.queries import path_of
from portal.files.service import erase_file
from tests.factories import (
    add,
    make_member,
    make_owner,
    make_project,
    make_staff,
    photo,
    sign_in,
)


@pytest.fixture
def project(app):
    return make_project()


@pytest.fixture
def proof(app, project):
    """A photo of proof that a member sent with a claim."""
    claimant = make_member(name="陈明")
    client = sign_in(app.test_client(), claimant)
    answer = client.post(
        "/me/claims/new?project=binjiang",
        data={
            "building": "2",
            "number": "1502",
            "role": "owner",
            "name": "陈明",
            "photos": [photo()],
        },
    )
    assert answer.status_code == 303
    return claimant, db.session.query(StoredFile).one()


def read(app, person, file):
    client = app.test_client()
    return (sign_in(client, person) if person else client).get(
        f"/files/{file.public_id}", buffered=True
    )


def test_the_claimant_sees_it(app, proof):
    claimant, file = proof
    answer = read(app, claimant, file)
    assert answer.status_code == 200
    assert answer.data == path_of(file).read_bytes()
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert "private" in answer.headers["Cache-Control"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "deed" not in answer.headers["Content-Disposition"]


def test_the_projects_staff_see_it(app, project, proof):
    assert read(app, make_staff("staff", project), proof[1]).status_code == 200


def test_nobody_else_sees_it(app, project, proof):
    file = proof[1]
    other_project = make_project(slug="siji", name="四季苑")
    strangers = [
        None,
        make_member(),
        make_owner(project),
        make_staff("staff", other_project),
        make_staff("finance", project),
    ]
    for person in strangers:
        assert read(app, person, file).status_code == 404


def test_a_file_of_an_unknown_kind_is_nobodys(app, proof):
    claimant, file = proof
    file.owner_kind = "unknown"
    db.session.commit()
    assert read(app, claimant, file).status_code == 404


def test_erased_and_missing_bytes_are_not_there(app, proof):
    claimant, file = proof
    erase_file(file=file)
    db.session.commit()
    assert read(app, claimant, file).status_code == 404
    file.erased_at = None
    db.session.commit()
    path_of(file).unlink()
    assert read(app, claimant, file).status_code == 404


def test_a_forged_id_is_not_there(app, proof):
    claimant, _file = proof
    client = sign_in(app.test_client(), claimant)
    assert client.get("/files/../../etc/passwd").status_code == 404
    assert client.get("/files/AAAAAAAAAAAAAAAAAAAAAA").status_code == 404


def test_a_file_that_is_no_picture_is_a_download(app, proof):
    claimant, file = proof
    add(file)
    file.kind, file.content_type = "roster", "application/octet-stream"
    file.original_name = "名册.csv"
    db.session.commit()
    answer = read(app, claimant, file)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"
