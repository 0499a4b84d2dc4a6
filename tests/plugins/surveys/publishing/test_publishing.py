"""Figures are published once, rest on the seal, and are recomputed by a script on its own."""

import io
import json
import subprocess
import sys
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.surveys.canonical import canonical, sha256
from plugins.surveys.errors import SurveyError
from plugins.surveys.models import Ballot, Publication, SideAnswer, Wave
from plugins.surveys.publishing import service
from plugins.surveys.publishing.checking import differences, seal_of
from plugins.surveys.publishing.figures import compute
from plugins.surveys.publishing.sealing import seal, sealed
from portal import clock
from portal.extensions import db
from tests import factories
from tests.plugins.surveys.publishing.conftest import ASKED, answered, make_sealed, take


def _run(folder) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "reproduce.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_archive_recomputes_the_figures_on_its_own(app, place, sealed_wave, client, tmp_path):
    take(place, sealed_wave, "publish")
    account = factories.make_staff("auditor", place.project)
    db.session.commit()
    auditor = factories.sign_in(client, account)
    page = f"/p/{place.project.slug}/staff/surveys/{sealed_wave.public_id}"
    data = auditor.post(f"{page}/archive.zip").data
    found = service.publication_of(sealed_wave)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        packed.extractall(tmp_path)
    assert (tmp_path / "figures.json").read_bytes() == canonical(found.figures)
    assert "电梯很快" in (tmp_path / "answers.csv").read_text("utf-8-sig")
    ran = _run(tmp_path)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    assert found.figures_hash in ran.stdout
    # One answer made better: seal and figures tell.
    path = tmp_path / "sealed.json"
    whole = json.loads(path.read_bytes())
    unhappy = next(row for row in whole["ballots"] if row[1][0] == 2)
    unhappy[1][0] = 5
    path.write_bytes(canonical(whole))
    ran = _run(tmp_path)
    assert ran.returncode == 1
    assert "answers: not what was sealed" in ran.stdout
    assert "figures: not what these answers give" in ran.stdout
    # The signature, once; others than the auditor get nothing.
    assert auditor.get(f"{page}/audit").status_code == 200
    assert auditor.post(f"{page}/sign").status_code == 303
    assert auditor.post(f"{page}/sign").status_code == 409
    other = factories.sign_in(app.test_client(), place.manager)
    assert other.post(f"{page}/archive.zip").status_code == 403
    assert other.post(f"{page}/sign").status_code == 403


def test_words_may_be_erased_and_not_changed(place, sealed_wave):
    before = sealed_wave.seal_hash
    side = db.session.scalars(sa.select(SideAnswer).where(SideAnswer.kind == "text")).one()
    assert side.digest is not None
    db.session.execute(
        sa.update(SideAnswer).where(SideAnswer.ballot_id == side.ballot_id).values(value="")
    )
    assert seal(sealed_wave) == before
    with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
        db.session.execute(sa.update(SideAnswer).values(digest="1" * 64))


def test_what_is_published_stays(place, sealed_wave):
    with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
        db.session.execute(
            sa.update(Wave).values(state="published", published_at=clock.now(), published_by=2)
        )
    take(place, sealed_wave, "publish")
    found = service.publication_of(sealed_wave)
    assert found.seal_hash == sealed_wave.seal_hash
    assert found.figures_hash == sha256(found.figures)
    for values in ({"figures": {}}, {"seal_hash": "1" * 64}, {"figures_hash": "1" * 64}):
        with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
            db.session.execute(
                sa.update(Publication).values(**values, signed_at=clock.now(), signed_by=3)
            )
    for statement in (sa.delete(Publication), sa.update(Wave).values(seal_hash="1" * 64)):
        with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
            db.session.execute(statement)
    take(place, sealed_wave, "archive")
    assert sealed_wave.state == "archived"


def test_a_second_person_publishes_and_a_third_signs(place, sealed_wave):
    db.session.execute(sa.update(Wave).values(version=sealed_wave.version + 0))
    for actor in (None, type("Writer", (), {"id": sealed_wave.made_by})()):
        with pytest.raises(SurveyError, match="OWN_RESULTS"):
            service.publish(actor=actor, wave=sealed_wave, at=clock.now())
    with pytest.raises(SurveyError, match="NOT_PUBLISHED"):
        service.sign(actor=place.clerk, wave=sealed_wave, at=clock.now())
    take(place, sealed_wave, "publish")
    with pytest.raises(SurveyError, match="OWN_RESULTS"):
        service.sign(actor=place.manager, wave=sealed_wave, at=clock.now())
    service.sign(actor=place.clerk, wave=sealed_wave, at=clock.now())
    assert service.publication_of(sealed_wave).signed_by == place.clerk.id
    with pytest.raises(SurveyError, match="SIGNED"):
        service.sign(actor=place.clerk, wave=sealed_wave, at=clock.now() + timedelta(days=1))


def test_answers_that_differ_from_the_seal_are_not_published(place, sealed_wave, monkeypatch):
    def changed(wave):
        whole = sealed(wave)
        whole["ballots"][0][1][0] = 1
        return whole

    monkeypatch.setattr(service, "sealed", changed)
    with pytest.raises(SurveyError, match="SEAL_BROKEN"):
        take(place, sealed_wave, "publish")
    assert db.session.scalar(sa.select(sa.func.count(Publication.id))) == 0


def test_figures_have_bases_and_three_intervals(place, sealed_wave):
    take(place, sealed_wave, "publish")
    said = service.publication_of(sealed_wave).figures
    assert (said["asked"], said["answered"]) == (116, 96)
    satisfied = said["satisfied"]
    assert (satisfied["value"], satisfied["base"]) == (750, 96)
    assert satisfied["low"] < 750 < satisfied["high"]
    assert satisfied["bootstrap"][0] < 750 < satisfied["bootstrap"][1]
    assert 700 < satisfied["weighted"]["value"] < 800
    assert said["nps"]["value"] == 25
    assert said["nps"]["groups"] == [500, 250, 250]
    assert said["recommended"]["value"] == 15
    # All who said no gave a 1: with the share the mean would tell it.
    assert said["dimensions"]["sales"] is None
    # Four levels are used, the fifth by nobody: neighbours are put together.
    assert said["items"][0]["groups"] == [[[4, 5], 750], [[1, 2, 3], 250]]
    assert said["items"][4]["groups"] == [[[code], 250] for code in (1, 2, 3, 4)]


def test_figures_of_the_former_version_still_verify():
    """What an earlier release published, from the same answers, to the last bit."""
    frame = [
        [f"h:{number}", "1", "", "senior" if number % 3 else "stable"] for number in range(116)
    ]
    ballots = []
    for number in range(96):
        side = [5, "number", (number % 4) * 1_000_000, ""]
        terms = (frame[number][3], "1", "", "", 0)
        ballots.append([str(number), answered(number), *terms, [side]])
    whole = {"instrument": ASKED, "weights": {}, "least": 5, "seed": 7, "mode": "confidential"}
    whole |= {"frame": frame, "ballots": ballots}
    said = compute(whole, "1")
    assert said["dimensions"]["sales"]["value"] == 50
    assert sha256(said) == "c74156d52c9610b37b215052bc580f77054607ba1dc6ebc66eadbfde06778022"
    hashes = {f"{name}_hash": sha256(whole[name]) for name in ("instrument", "frame", "weights")}
    hashes |= {"seal_hash": seal_of(whole), "script_version": "1", "figures_hash": sha256(said)}
    assert list(differences(whole, {}, hashes, canonical(said))) == []
    unknown = hashes | {"script_version": "0"}
    assert list(differences(whole, {}, unknown, canonical(said))) == [
        "script: version 2, published with 0"
    ]


def test_loyal_is_hidden_where_satisfied_but_not_loyal_is_few(place):
    wave = make_sealed(place, many=96, least=25)
    take(place, wave, "publish")
    said = service.publication_of(wave).figures
    assert said["loyal"] is None
    assert said["satisfied"] is None


@pytest.mark.parametrize("many", [0, 4])
def test_too_few_answers_publish_no_figure(place, many):
    wave = make_sealed(place, many=many)
    take(place, wave, "publish")
    said = service.publication_of(wave).figures
    assert said["answered"] is None
    assert {each["base"] for each in said["items"]} == {None}
    assert not any(said[name] for name in ("satisfied", "nps", "index", "gap", "recommended"))
    assert not any(said["dimensions"].values())
    assert db.session.scalar(sa.select(sa.func.count(Ballot.id))) == many
