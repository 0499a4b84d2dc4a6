"""The instrument's document: read, written again, checked; and the order in which it is shown."""

import json

import pytest
from hypothesis import given, settings

from plugins.surveys.instrument.checks import check
from plugins.surveys.instrument.document import InstrumentError, dump, read
from plugins.surveys.instrument.items import items
from plugins.surveys.instrument.order import arranged, shuffled
from plugins.surveys.instrument.piping import fill, references
from plugins.surveys.instrument.relevance import screens
from tests.plugins.surveys.instruments import (
    anything,
    document,
    documents,
    instrument,
    question,
    said,
)

SHOW = {"question": "q2", "is": "answered"}


def codes(*blocks, weights=None, **more):
    return {each.code for each in check(instrument(*blocks, **more), weights)}


def told(code, *blocks):
    return [each.values.get("chain") for each in check(instrument(*blocks)) if each.code == code]


@settings(max_examples=60, deadline=None)
@given(documents())
def test_a_document_is_written_as_it_was_read(drawn):
    found = read(drawn)
    written = json.loads(json.dumps(dump(found)))
    assert read(written) == found
    check(found)


@settings(max_examples=60, deadline=None)
@given(anything)
def test_nothing_but_an_instrument_error_for_any_json(drawn):
    for tried in (drawn, {"format": 1, "blocks": drawn}, document([{"key": "q1", "type": drawn}])):
        try:
            check(read(tried))
        except InstrumentError:
            continue


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"format": 2}, "format"),
        ({"more": 1}, "more"),
        ({"blocks": {}}, "blocks"),
        ({"blocks": [{"key": "B 1", "questions": []}]}, "blocks.0.key"),
        ({"blocks": [{"key": "end", "questions": []}]}, "blocks.0.key"),
        (document([question("q1"), question("q1")]), "questions"),
        (document([question("q1", step=0)]), "blocks.0.questions.0.step"),
        (document([question("q1", least=float("nan"))]), "blocks.0.questions.0.least"),
        (document([question("q1", least=10**400)]), "blocks.0.questions.0.least"),
        (document([question("q1", "date", least="2026-02-30")]), "blocks.0.questions.0.least"),
    ],
)
def test_what_has_another_shape_is_refused_with_its_place(change, path):
    with pytest.raises(InstrumentError) as caught:
        read(document([question("q0")]) | change)
    assert path in [each.path for each in caught.value.problems]


def test_conditions_nested_without_end_are_refused():
    deep: dict[str, object] = SHOW
    for _ in range(200):
        deep = {"not": deep}
    with pytest.raises(InstrumentError, match="too_deep"):
        instrument([question("q1", show_if=deep)])


def test_a_circle_is_told_with_its_chain():
    first = question("q1", show_if=SHOW)
    second = question("q2", text=said("为什么 {q3}"))
    third = question("q3", show_if={"question": "q1", "is": "eq", "value": 3})
    assert told("cycle", [first], [second], [third]) == ["q1 → q2 → q3 → q1"]
    assert told("cycle", [question("q1", show_if={"question": "q1", "is": "answered"})]) == [
        "q1 → q1"
    ]


def test_what_is_missing_or_comes_later_is_told():
    lost = question("q1", show_if={"question": "gone", "is": "answered"})
    assert told("missing", [lost]) == ["q1 → gone"]
    assert told("later", [question("q1", show_if=SHOW), question("q2")]) == ["q1 → q2"]
    piping = question("q2", text=said("{q1}"))
    assert told("same_screen", [question("q1"), piping]) == [
        "q1 → q2".replace("q1 → q2", "q2 → q1")
    ]
    hanging = question("q2", show_if={"question": "q1", "is": "answered"})
    assert codes([question("q1"), hanging], b1={"random": True}) == {"random_screen"}
    choice = question("q1", "single")
    deleted = question("q2", show_if={"question": "q1", "is": "in", "value": ["a", "z"]})
    assert told("no_such_option", [choice], [deleted]) == ["q2 → q1=z"]


def test_jumps_lead_on():
    def jumping(to):
        condition = {"question": "q2", "is": "answered"}
        return (
            [question("q1")],
            [question("q2", jump=[{"if": condition, "to": to}])],
            [question("q3")],
        )

    assert codes(*jumping("b3")) == codes(*jumping("end")) == set()
    assert codes(*jumping("b1")) == codes(*jumping("b2")) == {"jump_back"}
    assert codes(*jumping("b9")) == {"jump_nowhere"}


def test_what_cannot_be_asked_is_told():
    other = [{"key": key, "text": said(key), "other": True} for key in "ab"]
    assert codes([question("q1", "single", options=other)]) == {"two_others"}
    assert codes([question("q1", "single", options=[])]) == {"few_options"}
    assert codes([question("q1", "matrix", rows=[])]) == {"no_rows"}
    assert codes([question("q1", "short", pattern="regex")]) == {"unknown_pattern"}
    assert codes([question("q1", "number", least=3, most=2)]) == {"least_above_most"}
    assert codes([question("q1", "text")]) == {"nothing_asked"}
    english = question("q2", text=said("二") | {"en": "two"})
    assert codes([question("q1"), english]) == {"text_missing"}


def test_weights_that_make_zero_are_told():
    asked = [question("q1", dimension="sales"), question("q2", dimension="property")]
    assert codes(asked, weights={"sales": 1, "property": 3}) == set()
    assert codes(asked, weights={"sales": 0, "property": 0}) == {"divides_by_zero"}
    assert codes(asked, weights={"sales": 1, "roof": 1}) == {"weight_of_nothing"}
    assert "weight_below_zero" in codes(asked, weights={"sales": -1, "property": 1})


def test_items_stand_in_the_documents_order():
    asked = instrument(
        [question("q1", "single"), question("q2", "multiple"), question("t", "text")],
        [question("q3", "matrix"), question("q4", "ranking", most=2), question("q5", "number")],
    )
    found = items(asked)
    assert [each.key for each in found] == [
        *("q1", "q2.a", "q2.b", "q2.c", "q2.d", "q3.r1", "q3.r2", "q3.r3", "q4.1", "q4.2", "q5")
    ]
    assert [each.position for each in found] == list(range(11))
    assert list(found[0].codes) == [1, 2, 3, 4]
    assert list(found[1].codes) == [0, 1]


def test_an_order_is_the_seeds_and_other_keeps_its_place():
    options = [{"key": key, "text": said(key)} for key in "abcdef"]
    options[2]["fixed"] = options[5]["other"] = True
    asked = instrument(
        [question("q1", "single", options=options, random=True), question("q2"), question("q3")],
        b1={"random": True},
    )
    screen = screens(asked, {})[0]
    seen = {seed: arranged(screen, seed=str(seed)) for seed in range(40)}
    orders = set()
    for shown in seen.values():
        keys = [each.key for q in shown.questions if q.key == "q1" for each in q.options]
        assert sorted(keys) == list("abcdef")
        assert (keys[2], keys[5]) == ("c", "f")
        orders.add("".join(keys))
    assert len(orders) > 5
    assert seen[7] == arranged(screen, seed="7")
    # The same anywhere, for ever: a stored seed is worth nothing otherwise.
    assert [each.key for each in shuffled(screen.questions, seed="7")] == ["q2", "q1", "q3"]


def test_an_answer_within_a_text_is_text():
    assert references("{q1} 和 {q2} {Q} {}") == {"q1", "q2"}
    assert fill("{q1} {q2} {x y}", {"q1": "{q2} <b>"}) == "{q2} <b> … {x y}"
