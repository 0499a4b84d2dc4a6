"""Changes to an instrument, and questions as they are typed: pure."""

from typing import Any

import pytest

from plugins.surveys.builder import editing
from plugins.surveys.builder.conditions import condition_from, joined, jumps, jumps_from
from plugins.surveys.builder.typed import question_from
from plugins.surveys.instrument.checks import check
from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.parts import Kind
from plugins.surveys.library import FIRST
from plugins.surveys.words import SERIES
from portal.sdk import LANGUAGES
from tests.plugins.surveys.instruments import question

EMPTY: dict[str, Any] = {"format": 1, "blocks": []}


def _keys(document) -> list[list[str]]:
    return [[each["key"] for each in block["questions"]] for block in document["blocks"]]


def _three() -> dict[str, Any]:
    document = EMPTY
    for same in (False, True, False):
        document, _ = editing.add(document, "short", same_screen=same)
    return document


@pytest.mark.parametrize("kind", ["after_event", "after_handover", "after_repair", "yearly"])
def test_templates_are_sound_in_three_languages(kind):
    instrument = read(FIRST[kind]["instrument"])
    assert check(instrument, FIRST[kind]["weights"]) == []
    assert {frozenset(each.text) for each in instrument.questions} == {frozenset(LANGUAGES)}
    assert set(FIRST) <= set(SERIES)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_new_question_of_every_kind_can_be_read(kind):
    document, key = editing.add(EMPTY, kind)
    assert [each.kind for each in read(document).questions] == [kind]
    typed = question_from({"text_zh_Hans_CN": "好吗"}, editing.find(document, key), {})
    read(editing.replace(document, key, typed))
    assert EMPTY["blocks"] == []


def test_moving_within_and_between_screens():
    document = _three()
    assert _keys(document) == [["q1", "q2"], ["q3"]]
    assert _keys(editing.move(document, "q1", down=True)) == [["q2", "q1"], ["q3"]]
    assert _keys(editing.move(document, "q2", down=True)) == [["q1"], ["q2", "q3"]]
    assert _keys(editing.move(document, "q3", down=False)) == [["q3"], ["q1", "q2"]]
    assert _keys(editing.move(document, "q1", down=False)) == _keys(document)
    apart = editing.split(document, "q2")
    assert _keys(apart) == [["q1"], ["q2"], ["q3"]]
    assert _keys(editing.move(apart, "q2", down=True)) == [["q1"], ["q3"], ["q2"]]


def test_a_dropped_question_comes_back_to_its_place():
    document = _three()
    without, gone = editing.drop(document, "q3")
    assert _keys(without) == [["q1", "q2"]]
    assert editing.restore(without, gone) == document
    without, gone = editing.drop(document, "q1")
    assert editing.restore(without, gone) == document
    again, key = editing.copy(document, "q1")
    assert _keys(again) == [["q1", "q4", "q2"], ["q3"]]
    assert key == "q4"


def test_options_keep_their_keys():
    old = {
        "key": "q1",
        "type": "single",
        "options": [
            {"key": "yes", "text": {"zh_Hans_CN": "是", "en": "Yes"}},
            {"key": "no", "text": {"zh_Hans_CN": "否", "en": "No"}},
        ],
    }
    typed = {
        "text_zh_Hans_CN": "住吗",
        "options_zh_Hans_CN": "否\n是\n其他",
        "options_en": "No\nYes\nOther",
    }
    made = question_from({**typed, "last_other": "y"}, old, {})["options"]
    assert [each["key"] for each in made] == ["no", "yes", "o1"]
    assert made[2] == {
        "key": "o1", "text": {"zh_Hans_CN": "其他", "en": "Other"}, "other": True, "fixed": True,
    }  # fmt: skip
    renamed = question_from(
        {**typed, "options_zh_Hans_CN": "在住\n否", "options_en": "Yes\nNo"}, old, {}
    )["options"]
    assert [each["key"] for each in renamed] == ["yes", "no"]


def test_conditions_name_choices_by_their_words():
    choices = [{"key": "yes", "text": {"zh_Hans_CN": "是"}}]
    others = {"q1": {"key": "q1", "type": "single", "options": choices}}
    old = {"key": "q2", "type": "short"}
    typed = {"if_question_0": "q1", "if_is_0": "in", "if_value_0": "是，no"}
    made = question_from({"text_zh_Hans_CN": "为什么", **typed}, old, others)
    assert made["show_if"] == {"question": "q1", "is": "in", "value": ["yes", "no"]}
    deep = {**old, "show_if": {"all": []}}
    assert question_from({"if_join": "keep"}, deep, {})["show_if"] == {"all": []}
    assert "show_if" not in question_from({}, deep, {})
    jump = question_from({"jump_to_0": "end", "jump_is_0": "skipped"}, old, {})["jump"]
    assert jump == [{"if": {"question": "q2", "is": "skipped"}, "to": "end"}]


ONE = {"question": "q1", "is": "ge", "value": 4}
ROW = {"question": "m", "is": "eq", "value": 2, "row": "r2"}
LIST = {"question": "q3", "is": "in", "value": ["a", "b"]}
DEEP = [{"all": [ONE, {"any": [ROW, LIST]}]}, {"not": {"all": [ONE, ROW]}}, {"any": []}]


def as_typed(name, condition):
    """Return the fields of a condition's lines as the form shows them."""
    shown = joined(condition)
    form = {f"{name}_join": shown.join}
    for place, test in enumerate(shown.rows):
        value = test.get("value", "")
        form[f"{name}_question_{place}"] = test.get("question", "")
        form[f"{name}_is_{place}"] = test.get("is", "eq")
        form[f"{name}_row_{place}"] = test.get("row", "")
        form[f"{name}_value_{place}"] = ", ".join(value) if isinstance(value, list) else str(value)
    return form


@pytest.mark.parametrize(
    "condition",
    [None, ONE, {"all": [ONE, ROW]}, {"any": [ROW, LIST, ONE]}, {"not": ONE}, *DEEP,
     {"not": {"any": [ONE, {"question": "q1", "is": "skipped"}]}}],
)  # fmt: skip
def test_a_condition_comes_back_from_its_form(condition):
    asked = [question("q1"), question("m", "matrix"), question("q3", "single")]
    others = {each["key"]: each for each in asked}
    assert condition_from(as_typed("if", condition), "if", condition, others) == condition
    assert (joined(condition).join == "keep") == (condition in DEEP)


def test_a_question_has_several_jumps():
    asked = question("q1")
    typed = {"jump_to_0": "b3", "jump_is_0": "le", "jump_value_0": "2"}
    typed |= {"jump_to_1": "end", "jump_is_1": "skipped", "jump_to_2": ""}
    made = jumps_from(typed, asked, asked)
    low = {"if": {"question": "q1", "is": "le", "value": 2}, "to": "b3"}
    assert made == [low, {"if": {"question": "q1", "is": "skipped"}, "to": "end"}]
    assert jumps({**asked, "jump": made}).lines == tuple(made)
    strange = {**asked, "jump": [{"if": {"question": "q0", "is": "answered"}, "to": "end"}]}
    assert jumps(strange).kept
    assert jumps_from({"jump_keep": "y"}, strange, asked) == strange["jump"]
