"""The staff's pages: the list, the builder with its guards, the terms, the steps."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.surveys.models import Wave
from plugins.surveys.states import State
from portal import clock
from portal.extensions import db
from tests import factories
from tests.plugins.surveys.waves import INSTRUMENT, make_survey, make_wave


@pytest.fixture
def desk(place):
    return f"/p/{place.project.slug}/staff/surveys/"


@pytest.fixture
def clerk(client, place):
    return factories.sign_in(client, place.clerk)


@pytest.fixture
def draft(place):
    return make_wave(place.project.id, state=State.DRAFT)


def _act(clerk, desk, wave, do, **values):
    data = {"do": do, "version": wave.version, **values}
    return clerk.post(f"{desk}{wave.public_id}/build", data=data)


def test_the_list_searches_filters_and_exports(clerk, desk, place, draft, query_count):
    make_wave(
        place.project.id, survey=make_survey(place.project.id, "after_event"), state=State.FROZEN
    )
    page = clerk.get(desk).text
    assert page.count('class="go"') == 2
    assert clerk.get(f"{desk}?q=年度").text.count('class="go"') == 2
    assert clerk.get(f"{desk}?q=YEARLY&state=frozen").text.count('class="go"') == 1
    assert "没有符合的调查" in clerk.get(f"{desk}?q=车库").text
    with query_count() as count:
        clerk.get(desk)
    assert len(count) <= 12
    with clerk.post(f"{desk}export.csv?state=frozen") as answer:
        assert answer.status_code == 200
        assert len(answer.text.strip().splitlines()) == 2
    assert clerk.post(f"{desk}export.pdf").status_code == 404


def test_a_survey_from_its_template(clerk, desk, place):
    data = {"series": "yearly", "title_zh_Hans_CN": "年度调查", "title_en": "Yearly"}
    assert clerk.post(f"{desk}new", data={**data, "title_zh_Hans_CN": ""}).status_code == 422
    answer = clerk.post(f"{desk}new", data=data)
    assert answer.status_code == 303
    page = clerk.get(answer.location).text
    assert "请评价以下五个方面" in page
    assert "题目没有问题" in page
    again = clerk.post(f"{desk}new", data=data)
    assert again.status_code == 422
    assert "已有同名的调查" in again.text


def test_questions_are_added_changed_taken_out_and_put_back(clerk, desk, draft):
    answer = _act(clerk, desk, draft, "add", type="single")
    assert answer.status_code == 303
    db.session.refresh(draft)
    typed = {"text_zh_Hans_CN": "住多久了", "options_zh_Hans_CN": "一年\n两年", "required": "y"}
    assert _act(clerk, desk, draft, "save", question="q3", **typed).status_code == 303
    db.session.refresh(draft)
    question = draft.instrument["blocks"][1]["questions"][0]
    assert question["text"] == {"zh_Hans_CN": "住多久了"}
    assert [each["key"] for each in question["options"]] == ["o1", "o2"]
    before = draft.instrument
    for do in ("up", "down", "copy", "drop", "undo"):
        assert _act(clerk, desk, draft, do, question="q3").status_code == 303
        db.session.refresh(draft)
        if do == "drop":
            assert "住多久了" in clerk.get(f"{desk}{draft.public_id}/build").text
    first, second = draft.instrument["blocks"]
    assert [each["key"] for each in second["questions"]] == ["q3", "q4"]
    assert first == before["blocks"][0]
    assert _act(clerk, desk, draft, "save", question="none").status_code == 404
    assert _act(clerk, desk, draft, "add", type="poem").status_code == 404


def test_what_cannot_be_read_comes_back_as_typed(clerk, desk, draft):
    typed = {"text_zh_Hans_CN": "总体如何<b>", "scale": "1-6"}
    answer = _act(clerk, desk, draft, "save", question="q1", **typed)
    assert answer.status_code == 422
    assert "总体如何&lt;b&gt;" in answer.text


def test_a_screen_gets_a_title_a_condition_and_comes_back_as_typed(clerk, desk, draft):
    assert _act(clerk, desk, draft, "add", type="long").status_code == 303
    db.session.refresh(draft)
    typed = {"screen": "b2", "question": "q3", "title_zh_Hans_CN": "说说原因"}
    typed |= {"screen_join": "any", "random": "y"}
    for place, key in enumerate(("q1", "q2")):
        typed |= {f"screen_question_{place}": key, f"screen_is_{place}": "le"}
        typed[f"screen_value_{place}"] = str(place + 2)
    long = {**typed, "title_zh_Hans_CN": "说说原因" * 600}
    answer = _act(clerk, desk, draft, "screen", **long)
    assert answer.status_code == 422
    assert "说说原因" * 600 in answer.text
    assert _act(clerk, desk, draft, "screen", **{**typed, "screen": "b9"}).status_code == 404
    assert _act(clerk, desk, draft, "screen", **typed).status_code == 303
    db.session.refresh(draft)
    block = draft.instrument["blocks"][1]
    low = [{"question": "q1", "is": "le", "value": 2}, {"question": "q2", "is": "le", "value": 3}]
    assert (block["title"], block["show_if"]) == ({"zh_Hans_CN": "说说原因"}, {"any": low})
    assert (block["random"], [each["key"] for each in block["questions"]]) == (True, ["q3"])
    # The phone beside it shows the title.
    page = clerk.get(f"{desk}{draft.public_id}/build?question=q3").text
    assert "说说原因" in page.split('class="phone"')[1]


def test_of_two_editors_the_slower_keeps_the_words(clerk, desk, draft):
    stale = draft.version
    assert _act(clerk, desk, draft, "down", question="q1").status_code == 303
    data = {"do": "save", "version": stale, "question": "q1", "text_zh_Hans_CN": "我写的话"}
    answer = clerk.post(f"{desk}{draft.public_id}/build", data=data)
    assert answer.status_code == 409
    assert "我写的话" in answer.text
    assert f'name="version" value="{stale + 1}"' in answer.text
    assert (
        clerk.post(
            f"{desk}{draft.public_id}/build", data={**data, "version": stale + 1}
        ).status_code
        == 303
    )


def test_a_frozen_wave_is_not_built(clerk, desk, place):
    wave = make_wave(place.project.id)
    answer = _act(clerk, desk, wave, "drop", question="q1")
    assert answer.status_code == 409
    assert 'value="drop"' not in clerk.get(f"{desk}{wave.public_id}/build?question=q1").text
    assert (
        clerk.post(
            f"{desk}{wave.public_id}/document",
            data={"version": wave.version, "text": json.dumps(INSTRUMENT)},
        ).status_code
        == 409
    )


def test_questions_go_out_and_come_in_as_a_file(clerk, desk, draft):
    page = f"{desk}{draft.public_id}/document"
    assert clerk.get(f"{page}.json").json == INSTRUMENT
    for text in ("", "{", "[" * 100_000, '{"format": 2}', "1e999"):
        answer = clerk.post(page, data={"version": draft.version, "text": text})
        assert answer.status_code == 422
    made = {"format": 1, "blocks": INSTRUMENT["blocks"][:1]}
    answer = clerk.post(page, data={"version": draft.version, "text": json.dumps(made)})
    assert answer.status_code == 303


def test_terms_are_kept_and_guarded(clerk, desk, draft, place):
    page = f"{desk}{draft.public_id}/terms"
    assert clerk.get(page).status_code == 200
    data = {
        "version": draft.version, "title_zh_Hans_CN": "秋季调查", "mode": "anonymous",
        "unit": "person", "stages": ["senior"], "points": 50, "least_cell": 5,
        "opens_at": "2027-01-01T09:00", "closes_at": "2027-01-15T21:00",
    }  # fmt: skip
    assert clerk.post(page, data={**data, "least_cell": 4}).status_code == 422
    assert clerk.post(page, data={**data, "closes_at": "2026-12-31T09:00"}).status_code == 422
    assert clerk.post(page, data={**data, "stages": ["nobody"]}).status_code == 422
    assert clerk.post(page, data=data).status_code == 303
    db.session.refresh(draft)
    assert (draft.mode, draft.named, draft.points) == ("anonymous", False, 50_000)
    assert draft.frame_rule == {"stages": ["senior"]}
    answer = clerk.post(page, data=data)
    assert answer.status_code == 409
    assert "有同事先改过这份调查" in answer.text


def test_steps_by_two_persons_and_their_rights(client, clerk, desk, place, draft):
    closes_at = clock.now() + timedelta(days=9)
    db.session.execute(sa.update(Wave).values(closes_at=closes_at, version=draft.version))
    db.session.commit()
    page = f"{desk}{draft.public_id}"

    def step(name: str, version: int):
        return client.post(f"{page}/step", data={"step": name, "version": version})

    assert step("send", 9).status_code == 409
    assert step("send", 1).status_code == 303
    assert step("freeze", 2).status_code == 403
    factories.sign_in(client, place.manager)
    assert step("freeze", 2).status_code == 303
    assert step("freeze", 3).status_code == 409
    assert step("open", 3).status_code == 303
    shown = client.get(page).text
    assert "准业主" in shown
    assert draft.instrument_hash is None or draft.instrument_hash in shown


def test_a_page_of_another_project_is_not_there(clerk, desk, place):
    other = factories.make_project(slug="other")
    wave = make_wave(other.id, state=State.DRAFT)
    for page in ("", "/build", "/terms", "/document", "/document.json"):
        assert clerk.get(f"{desk}{wave.public_id}{page}").status_code == 404
    assert _act(clerk, desk, wave, "drop", question="q1").status_code == 404


def test_the_wave_page_is_bounded(clerk, desk, place, query_count):
    wave = make_wave(place.project.id, members=[place.member, place.neighbour])
    with query_count() as count:
        assert clerk.get(f"{desk}{wave.public_id}").status_code == 200
    assert len(count) <= 12
