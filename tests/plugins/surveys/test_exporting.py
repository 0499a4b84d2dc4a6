"""Single answers of a sealed wave as files, for who may read them; nothing of a small group."""

import pyreadstat
import pytest

from plugins.surveys.exporting import rows, spss
from plugins.surveys.exporting.staff_views import FILES
from plugins.surveys.models import SideAnswer
from plugins.surveys.states import Mode, State
from portal.extensions import db
from tests import factories
from tests.factories import add
from tests.plugins.surveys.instruments import document, question
from tests.plugins.surveys.waves import add_ballot, bring, make_wave

ASKED = document(
    [question("q1", "single"), question("q2", "multiple"), question("q3"), question("q4", "number")]
)


@pytest.fixture
def wave(place):
    """A closed anonymous wave of eleven answers: seven of building 1, four of building 2."""
    made = make_wave(place.project.id, mode=Mode.ANONYMOUS, instrument=ASKED, least_cell=5)
    for number in range(11):
        ballot = add_ballot(
            made,
            [2, 0, 1, 0, 0, [-1, -2, -3, 5][number % 4], 1],
            building="1" if number < 7 else "2",
            stage="senior",
            sealed=True,
        )
        side = {"ballot_id": ballot.id, "item": 6, "project_id": made.project_id}
        add(SideAnswer(**side, kind="number", number=2_500_000 if number else 3_000_000))
    bring(made, State.CLOSED, closed_at=made.created_at)
    return made


@pytest.fixture
def auditor(place, client):
    account = factories.make_staff("auditor", place.project)
    db.session.commit()
    return factories.sign_in(client, account)


def test_files_have_words_in_place_of_codes(app, place, wave, auditor):
    page = f"/p/{place.project.slug}/staff/surveys/{wave.public_id}"
    assert "尚未封存" in auditor.get(f"{page}/answers").text
    assert auditor.post(f"{page}/answers.csv").status_code == 409
    assert auditor.post(f"{page}/questions.json").status_code == 409
    bring(wave, State.SEALED, sealed_at=wave.created_at, shuffled_at=wave.created_at)
    assert page in auditor.get(f"/p/{place.project.slug}/staff/surveys/answers/").text
    assert auditor.get(f"{page}/answers").status_code == 200
    with auditor.post(f"{page}/answers.csv") as answer:
        lines = answer.data.decode("utf-8-sig").splitlines()
    assert lines[0].split(",")[4:] == [
        "异常迹象",
        "q1",
        "q2: a",
        "q2: b",
        "q2: c",
        "q2: d",
        "q3",
        "q4",
    ]
    told = [line.split(",")[1:] for line in lines[1:]]
    assert len(told) == 11
    assert {row[9] for row in told} == {"（未显示）", "（跳过）", "（不适用）", "5"}
    assert {row[4] for row in told} == {"b"}
    assert sorted({row[-1] for row in told}) == ["2.5", "3"]
    with auditor.post(f"{page}/answers.xlsx", data={"building": "1"}) as answer:
        assert answer.data.startswith(b"PK")
    said = auditor.post(f"{page}/questions.json").json
    assert said["instrument"] == ASKED
    assert [each["position"] for each in said["items"]] == list(range(7))
    assert auditor.post(f"{page}/answers.pdf").status_code == 404
    for role in ("staff", "manager", "centre", "leader"):
        account = factories.make_staff(role, place.project)
        db.session.commit()
        other = factories.sign_in(app.test_client(), account)
        assert other.post(f"{page}/answers.csv").status_code == 403, role


def test_a_small_group_is_the_same_bytes_as_none(place, wave, auditor):
    bring(wave, State.SEALED, sealed_at=wave.created_at, shuffled_at=wave.created_at)
    page = f"/p/{place.project.slug}/staff/surveys/{wave.public_id}/answers.csv"
    assert rows.count(wave, rows.Cell(building="2")) == 4
    four, none = (auditor.post(page, data={"building": name}) for name in ("2", "3"))
    assert four.data == none.data
    assert (four.status_code, four.mimetype) == (none.status_code, none.mimetype)
    assert "少于 5 份" in four.text


def test_bare_codes_json_and_an_spss_file_with_labels(place, wave, auditor, tmp_path):
    bring(wave, State.SEALED, sealed_at=wave.created_at, shuffled_at=wave.created_at)
    page = f"/p/{place.project.slug}/staff/surveys/{wave.public_id}/answers"
    with auditor.post(f"{page}.codes.csv") as answer:
        lines = [line.split(",") for line in answer.data.decode("utf-8-sig").splitlines()]
    assert lines[0][4:] == ["q1", "q2.a", "q2.b", "q2.c", "q2.d", "q3", "q4", "q4.value"]
    assert {tuple(row[4:9]) for row in lines[1:]} == {("2", "0", "1", "0", "0")}
    assert {row[9].strip("'") for row in lines[1:]} == {"-1", "-2", "-3", "5"}
    with auditor.post(f"{page}.codes.xlsx") as answer:
        assert answer.data.startswith(b"PK")
    told = auditor.post(f"{page}.json").json
    assert [each["key"] for each in told["items"]][:2] == ["q1", "q2.a"]
    assert len(told["answers"]) == 11
    assert [each["signals"] for each in told["answers"]] == [[]] * 11
    assert {each["said"]["q4"] for each in told["answers"]} == {2.5, 3}

    path = tmp_path / "answers.sav"
    path.write_bytes(auditor.post(f"{page}.sav").data)
    frame, meta = pyreadstat.read_sav(str(path), user_missing=True)
    assert list(frame["q3"].sort_values().unique()) == [-3, -2, -1, 5]
    assert sorted(frame["q4.value"].unique()) == [2.5, 3]
    assert meta.missing_ranges["q3"] == [{"lo": -3, "hi": -1}]
    assert meta.column_names_to_labels["q2.b"] == "q2: b"
    assert meta.variable_value_labels["q1"][2] == "b"
    assert meta.variable_value_labels["q1"][-2] == "（跳过）"
    # As SPSS reads it: what is missing is no number.
    assert pyreadstat.read_sav(str(path))[0]["q3"].count() == 2


def test_every_file_of_a_small_group_is_the_same_bytes_as_none(place, wave, auditor):
    bring(wave, State.SEALED, sealed_at=wave.created_at, shuffled_at=wave.created_at)
    page = f"/p/{place.project.slug}/staff/surveys/{wave.public_id}/answers"
    for kind in FILES:
        answers = [auditor.post(f"{page}.{kind}", data={"building": name}) for name in ("2", "3")]
        assert answers[0].data == answers[1].data, kind
        assert "少于 5 份" in answers[0].text


def test_without_the_library_the_page_says_what_to_install(place, wave, auditor, monkeypatch):
    bring(wave, State.SEALED, sealed_at=wave.created_at, shuffled_at=wave.created_at)
    monkeypatch.setattr(spss, "find_spec", lambda name: None)
    page = f"/p/{place.project.slug}/staff/surveys/{wave.public_id}/answers"
    assert "pyreadstat" in auditor.get(page).text
    refused = auditor.post(f"{page}.sav")
    assert refused.status_code == 409
    assert "pyreadstat" in refused.text
