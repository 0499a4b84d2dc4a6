"""Answers taken: relevance by the server, validation, and the codes of a ballot."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.surveys.instrument.answers import parse_all, take
from plugins.surveys.instrument.conditions import NOT_APPLICABLE
from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.items import items
from plugins.surveys.instrument.parts import MAY_NOT_APPLY
from plugins.surveys.instrument.relevance import screens, shown
from tests.plugins.surveys.instruments import (
    anything,
    documents,
    fitting,
    instrument,
    question,
    said,
)


def codes(asked, **answers):
    return {each.path: each.code for each in take(asked, answers).problems}


@st.composite
def answered(draw):
    document = draw(documents())
    asked = [each for block in document["blocks"] for each in block["questions"]]
    return document, {each["key"]: draw(fitting(each)) for each in asked}


def slow_holds(condition, answers):
    """The reference: conditions as the document has them, over what was given and shown."""
    if condition is None:
        return True
    if "all" in condition:
        return not any(not slow_holds(each, answers) for each in condition["all"])
    if "any" in condition:
        return any(slow_holds(each, answers) for each in condition["any"])
    if "not" in condition:
        return not slow_holds(condition["not"], answers)
    return slow_passes(condition, answers.get(condition["question"]))


def slow_passes(test, value):
    op, wanted = test["is"], test.get("value")
    if isinstance(value, dict) and "row" in test:
        value = value.get(test["row"])
    if op in ("answered", "skipped"):
        return (value is not None) == (op == "answered")
    if value is None or isinstance(value, list):
        return value is not None and op == "has" and wanted in value
    if op in ("in", "eq", "ne"):
        return value in wanted if op == "in" else (value == wanted) == (op == "eq")
    if isinstance(value, str | dict) or isinstance(wanted, str) or op == "has":
        return False
    return {"lt": value < wanted, "gt": value > wanted, "le": value <= wanted}.get(
        op, value >= wanted
    )


def slow_shown(document, answers):
    """The reference: every block and question asks anew what was shown before it."""
    blocks, visible, place = document["blocks"], [], 0
    while place < len(blocks):
        block, following = blocks[place], place + 1
        before = {key: answers[key] for key in visible if key in answers}
        if slow_holds(block.get("show_if"), before):
            here = []
            for each in block["questions"]:
                before = {key: answers[key] for key in visible if key in answers}
                if slow_holds(each.get("show_if"), before):
                    visible.append(each["key"])
                    here.append(each)
            before = {key: answers[key] for key in visible if key in answers}
            jumps = itertools.chain(*(each.get("jump", []) for each in here))
            for jump in jumps:
                if slow_holds(jump["if"], before):
                    keys = [each["key"] for each in blocks[following:]]
                    ends = jump["to"] not in keys
                    following = len(blocks) if ends else following + keys.index(jump["to"])
                    break
        place = following
    return set(visible)


@settings(max_examples=150, deadline=None)
@given(answered())
def test_what_is_shown_equals_a_slow_reference(drawn):
    drawn_document, given_answers = drawn
    asked = read(drawn_document)
    answers, _ = parse_all(asked, given_answers)
    plain = {}
    for key, answer in answers.items():
        value = answer.value
        if value is None:
            value = NOT_APPLICABLE
        elif isinstance(value, tuple):
            value = list(value)
        elif isinstance(value, dict):
            value = {row: NOT_APPLICABLE if each is None else each for row, each in value.items()}
        plain[key] = value
    assert shown(asked, answers) == slow_shown(drawn_document, plain)


def given_back(asked, positions, side):
    """Return what must have been answered, from a ballot alone."""
    words = {each.position: each.value for each in side}
    found: dict[str, object] = {}
    for item in items(asked):
        code, key, kind = positions[item.position], item.question.key, item.question.kind
        options = [each.key for each in item.question.options]
        if code == -3 and kind != "matrix":
            found[key] = "na"
        elif code in (-1, -2):
            continue
        elif kind == "single":
            found[key] = options[code - 1]
        elif kind == "multiple":
            found.setdefault(key, [])
            found[key] += [item.part] * code
        elif kind == "ranking":
            found.setdefault(key, [])
            found[key].append(options[code - 1])
        elif kind == "matrix":
            found.setdefault(key, {})[item.part] = "na" if code == -3 else code
        elif kind in ("rating", "nps"):
            found[key] = code
        elif kind == "number":
            found[key] = int(words[item.position])
        else:
            found[key] = words[item.position]
    return found


@settings(max_examples=150, deadline=None)
@given(answered())
def test_a_ballot_says_what_was_answered_and_nothing_raises(drawn):
    drawn_document, given_answers = drawn
    asked = read(drawn_document)
    taken = take(asked, given_answers)
    assert len(taken.positions) == len(items(asked))
    visible = shown(asked, taken.answers)
    for item in items(asked):
        code = taken.positions[item.position]
        assert (code == -1) == (item.question.key not in visible)
        assert code in item.codes or code in (-1, -2, -3)
    again = take(asked, given_back(asked, taken.positions, taken.side))
    assert (again.positions, again.side) == (taken.positions, taken.side)
    assert set(taken.dropped).isdisjoint(visible)


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(
        [
            "single",
            "multiple",
            "matrix",
            "rating",
            "nps",
            "ranking",
            "number",
            "date",
            "short",
            "photo",
        ]
    ),
    anything,
)
def test_no_answer_makes_it_raise(kind, drawn):
    asked = instrument([question("q1", kind, not_applicable=kind in MAY_NOT_APPLY)])
    for tried in (drawn, {"value": drawn}, {"value": drawn, "text": drawn}, {"r1": drawn}):
        take(asked, {"q1": tried})


@pytest.mark.parametrize("wrong", [0, 6, 4.5, "五", "4", [4], {"a": 1}, True, 10**30, float("nan")])
def test_only_whole_numbers_of_the_scale_are_ratings(wrong):
    asked = instrument([question("q1"), question("m", "matrix")])
    expected = "bad_shape" if wrong == {"a": 1} else "off_scale"
    assert codes(asked, q1=wrong) in ({"q1": "off_scale"}, {"q1": expected})
    assert codes(asked, m={"r1": wrong}) == {"m": "off_scale"}


def test_null_is_skipped_apart_from_not_shown_and_from_not_applicable():
    hidden = question("q2", show_if={"question": "q1", "is": "ge", "value": 4})
    asked = instrument([question("q1"), hidden, question("q3", not_applicable=True)])
    assert take(asked, {"q1": None, "q3": "na"}).positions == (-2, -1, -3)
    assert take(asked, {"q1": 5, "q2": 0 + 1}).positions == (5, 1, -2)
    assert codes(asked, q1="na") == {"q1": "bad_value"}


@pytest.mark.parametrize(
    ("given_answer", "code"),
    [
        (-1, "too_small"),
        (1.5, "not_whole"),
        ("很多", "not_a_number"),
        (51, "confirm"),
        (10**9, "out_of_range"),
    ],
)
def test_recommended_to_how_many(given_answer, code):
    asked = instrument([question("q1", "number", role="recommended_count")])
    assert codes(asked, q1=given_answer) == {"q1": code}
    assert codes(asked, q1=50) == codes(asked, q1=0) == {}
    taken = take(asked, {"q1": {"value": 60, "confirmed": True}})
    assert (taken.problems, taken.side[0].value) == ((), "60")


def test_forged_answers_to_hidden_questions_are_dropped():
    hidden = question("q2", show_if={"question": "q1", "is": "ge", "value": 4}, required=True)
    asked = instrument([question("q1")], [hidden])
    taken = take(asked, {"q1": 1, "q2": 5})
    assert (taken.positions, taken.dropped, taken.problems) == ((1, -1), ("q2",), ())
    assert take(asked, {"q1": 1, "q2": "五"}).dropped == ("q2",)
    assert take(asked, {"q1": 1, "q2": None}).dropped == ()
    assert codes(asked, q1=5, q9=1) == {"q2": "required", "q9": "unknown"}


def test_choices_words_days_and_sums():
    options = [
        {"key": "a", "text": said("a")},
        {"key": "other", "text": said("其他"), "other": True},
        {"key": "none", "text": said("都没有"), "alone": True},
    ]
    many = instrument([question("q1", "multiple", options=options, most=2)])
    assert codes(many, q1=["a", "none"]) == {"q1": "alone"}
    assert codes(many, q1=["a", "a"]) == {"q1": "twice"}
    assert codes(many, q1="a") == {"q1": "bad_shape"}
    taken = take(many, {"q1": {"value": ["other", "a"], "text": " 门岗\x00 "}})
    assert taken.positions == (1, 1, 0)
    assert [(each.position, each.value) for each in taken.side] == [(1, "门岗")]
    words = instrument(
        [
            question("q1", "short", most=3, pattern="digits"),
            question("q2", "date", least="2026-01-01"),
        ]
    )
    assert codes(words, q1="1234") == {"q1": "too_long"}
    assert codes(words, q1="12a") == {"q1": "off_pattern"}
    assert codes(words, q2="2026-02-30") == {"q2": "not_a_day"}
    assert codes(words, q2="2025-12-31") == {"q2": "too_early"}
    shares = instrument(
        [question("q1", "number"), question("q2", "number", sum={"with": ["q1"], "is": 100})]
    )
    assert codes(shares, q1=40, q2=50) == {"q2": "bad_sum"}
    assert codes(shares, q1=40, q2=60) == {}
    assert codes(instrument([question("q1", "ranking", least=2)]), q1=["a"]) == {"q1": "too_few"}
    rows = instrument([question("m", "matrix", required=True, not_applicable=True)])
    assert codes(rows, m={"r1": 1, "r2": "na"}) == {"m": "rows_missing"}
    assert take(rows, {"m": {"r1": 1, "r2": "na", "r3": 5}}).positions == (1, -3, 5)


def test_a_jump_is_taken_at_the_end_of_its_screen():
    leaving = {"if": {"question": "q1", "is": "le", "value": 2}, "to": "b3"}
    asked = instrument(
        [question("q1", jump=[leaving]), question("q2")], [question("q3")], [question("q4")]
    )
    assert [each.block.key for each in screens(asked, parse_all(asked, {"q1": 1})[0])] == [
        "b1",
        "b3",
    ]
    assert take(asked, {"q1": 2, "q2": 3, "q3": 4, "q4": 5}).positions == (2, 3, -1, 5)
