"""What is found, in which order, on both databases."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import clock
from portal.extensions import db
from portal.search import queries
from portal.search.models import SearchDocument
from portal.search.queries import find
from portal.search.service import drop, drop_plugin, put
from tests.factories import make_project

NOON = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)


def write(key: str, title: Any = "", body: Any = "", **more: Any) -> None:
    """Put a document that everybody may find."""
    put(
        **{"kind": "thing", "url": "/", "audiences": ["public"], **more},
        key=key,
        title=title,
        body=body,
    )


def keys(text: str, audiences: Sequence[str] = ("public",)) -> list[str]:
    """Return the keys of what is found, best first."""
    return [one.key for one in find(text, audiences)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("漏水", True),
        ("漏水严重", True),
        ("衛生間", True),
        ("卫生间漏水", True),
        ("漏 水", True),
        ("水", False),
        ("生水", False),
        ("ＷＣ", True),
        ("wc 漏水", True),
        ("w", False),
        ("二〇一", True),
        ("水wc", True),
        ("wc二", True),
    ],
)
def test_words_inside_a_sentence(app: Any, text: str, wanted: bool) -> None:
    write("a", body="卫生间漏水WC二〇一五")
    write("b", body="卫生间漏水严重，WC二〇一五")

    assert ("b" in keys(text)) is wanted


def test_traditional_and_simplified_find_each_other(app: Any) -> None:
    write("hans", "卫生间漏水严重，头发堵住了下水道")
    write("hant", "衛生間漏水嚴重，頭髮堵住了下水道")

    assert sorted(keys("衛生間")) == sorted(keys("卫生间")) == ["hans", "hant"]
    assert sorted(keys("頭髮")) == sorted(keys("头发")) == ["hans", "hant"]


def test_a_name_is_found_by_one_character_and_other_texts_are_not(app: Any) -> None:
    write("lin", "林晓芸", names=["林晓芸"])
    write("wood", body="园林绿化")

    assert keys("芸") == keys("晓") == keys("曉") == ["lin"]
    assert keys("林") == ["lin"]
    assert keys("林绿") == ["wood"]


def test_title_hits_stand_first_then_the_newest(app: Any, monkeypatch: Any) -> None:
    for hours, (key, title, body) in enumerate(
        [("t1", "电梯故障", ""), ("b1", "", "电梯"), ("t2", "电梯", ""), ("b2", "", "换了电梯")]
    ):
        monkeypatch.setattr(clock, "now", lambda hours=hours: NOON + timedelta(hours=hours))
        write(key, title, body)

    assert keys("电梯") == ["t2", "t1", "b2", "b1"]


def test_all_languages_of_a_text_are_searched(app: Any) -> None:
    write("club", {"zh_Hans_CN": "滨江府", "en": "Riverside Court"})

    assert keys("riverside") == keys("濱江府") == keys("court 滨江") == ["club"]
    assert keys("江府riverside") == ["club"]


def test_a_phrase_does_not_reach_from_the_title_into_the_body(app: Any) -> None:
    write("a", "漏水", "水管")

    assert keys("漏水水管") == []


def test_writing_again_replaces_and_dropping_removes(app: Any) -> None:
    write("a", "旧标题")
    write("a", "新名称")
    assert keys("标题") == []
    assert keys("名称") == ["a"]

    drop(kind="thing", key="a")
    drop(kind="thing", key="a")
    assert keys("名称") == []
    db.session.commit()


def test_letters_newer_than_the_tokenizer_of_sqlite_are_found(app: Any) -> None:
    # Extensions C to G: rare characters of names, some newer than Unicode 6.1.
    write("rare", "王𬭊𫖯𰻝", names=["王𬭊𫖯𰻝"])

    assert keys("𬭊") == keys("𬭊𫖯") == keys("𰻝") == ["rare"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "%",
        "_",
        "'",
        '"',
        "\\",
        "*",
        "a*",
        "-a",
        "NOT",
        "AND OR NOT",
        "a AND",
        "NEAR(a b)",
        "terms:a",
        "(",
        ")",
        "a & | ! <->",
        ":*",
        "\0",
        "a\0b",
        "😀",
        "\ue000",
        "\ue001",
        "{a}",
        "^a",
        "+",
        "'; DROP TABLE member; --",
        "\ud800",
        "x" * 10_000,
        "水" * 10_000,
        "a " * 5_000,
        "水 " * 5_000,
        "\u0301",
        "İ",
        "ﬃ",
        "㍿",
        "١٢٣",
    ],
)
def test_any_question_is_answered(app: Any, text: str) -> None:
    write("a", "a b c", "水")

    assert isinstance(find(text, ["public"]), list)


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=60), asked=st.text(max_size=60))
def test_any_text_is_indexed_and_any_question_answered(app: Any, text: str, asked: str) -> None:
    write("any", text, text, names=[text])

    assert isinstance(find(asked, ["public"]), list)
    assert isinstance(find(text, ["public"]), list)
    db.session.rollback()


HAN = st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF, categories=["Lo"])


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(st.one_of(HAN, st.sampled_from("漏嚴后後發髮𬭊")), min_size=2, max_size=30))
def test_every_part_of_a_chinese_text_is_found(app: Any, text: str) -> None:
    write("it", body=f"第1段：{text}。")

    for begin in range(len(text) - 1):
        assert keys(text[begin : begin + 2]) == ["it"], text[begin : begin + 2]
        assert keys(text[begin:]) == ["it"], text[begin:]
    db.session.rollback()


def test_what_is_in_the_index_is_what_is_in_the_table(app: Any) -> None:
    for number in range(5):
        write(f"k{number}", f"标题{number}", "内容")
    write("k1", "别的", "内容")
    drop(kind="thing", key="k2")
    db.session.commit()

    assert db.session.query(SearchDocument).count() == 4
    if db.engine.dialect.name == "sqlite":
        db.session.connection().exec_driver_sql(
            "INSERT INTO search_index(search_index, rank) VALUES ('integrity-check', 1)"
        )
    db.session.rollback()


def test_a_plugin_leaves_a_project_or_altogether(app: Any) -> None:
    here, there = make_project(), make_project(slug="siji", name="四季苑")
    for project in (here, there, None):
        id_ = project.id if project else None
        write(f"notes-{id_}", "便签", project_id=id_, plugin="notes")
        write(f"other-{id_}", "便签", project_id=id_, plugin="other")

    def left() -> set[str]:
        return set(db.session.scalars(sa.select(SearchDocument.key).filter_by(kind="thing")))

    drop_plugin(plugin="notes", project_id=here.id)
    assert left() >= {f"notes-{there.id}", "notes-None", f"other-{here.id}"}
    assert f"notes-{here.id}" not in left()
    drop_plugin(plugin="notes")
    assert left() == {f"other-{here.id}", f"other-{there.id}", "other-None"}


def test_no_more_is_looked_at_than_is_shown_in_pages(app: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(queries, "MOST", 3)
    write("first", "漏水")
    for number in range(9):
        write(f"b{number}", body="漏水")
    # The last written of those with the word anywhere, and of those with it in the title.
    assert keys("漏水") == ["first", "b8", "b7", "b6"]
    for number in range(9):
        write(f"t{number}", "漏水")
    assert keys("漏水") == ["t8", "t7", "t6"]
    # What another reader may find is not taken away by what only others may.
    for number in range(9):
        write(f"m{number}", "漏水", audiences=["member:1"])
    assert keys("漏水") == ["t8", "t7", "t6"]
