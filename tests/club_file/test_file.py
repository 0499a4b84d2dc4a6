"""A club goes into a file and comes back; a bad file changes nothing and says where it is bad."""

import copy
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from portal import clock
from portal.club_file.cli import commands
from portal.club_file.errors import ClubFileError
from portal.club_file.reading import read
from portal.club_file.schema import json_schema
from portal.club_file.service import bring_in
from portal.club_file.writing import document_on
from portal.earning.models import Book
from portal.extensions import db
from portal.points.accounts import ensure_currencies
from portal.points.models import Policy
from portal.tiers.models import SchemeVersion
from portal.tiers.standard import FORM

ROOT = Path(__file__).parents[2]
JOIN: dict[str, Any] = {
    "key": "join",
    "title": {"zh_Hans_CN": "入会礼", "en": "Welcome"},
    "source": "member.joined",
    "effect": "earn",
    "amount": {"kind": "fixed", "points": "5"},
    "to": ["redeemable"],
}
CLUB: dict[str, Any] = {
    "format": "portal-club",
    "version": 1,
    "currencies": [{"key": "redeemable", "expiry_months": 12, "expiry_rounding": "month"}],
    "schemes": [
        {"key": "club", "name": {"zh_Hans_CN": "会员"}, "is_club": True, "terms": FORM},
    ],
    "rules": [JOIN],
}


def today() -> date:
    return clock.business_date("Asia/Shanghai")


def bring(document: Any, **options: Any) -> list[Any]:
    changes = bring_in(actor=None, document=read(json.dumps(document)), **options)
    db.session.commit()
    return changes


def changed(**parts: Any) -> dict[str, Any]:
    return {**copy.deepcopy(CLUB), **parts}


def written() -> tuple[int, ...]:
    db.session.rollback()
    tables = (Policy, SchemeVersion, Book)
    return tuple(
        db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables
    )


def run(app: Flask, *arguments: str, text: str | None = None) -> Result:
    db.session.commit()
    result = app.test_cli_runner().invoke(commands, arguments, input=text)
    db.session.expire_all()
    return result


def test_what_was_exported_changes_nothing(app: Flask) -> None:
    assert bring(CLUB)
    before = written()
    document = document_on(today())
    assert [each["key"] for each in document["schemes"]] == ["club"]
    assert document["rules"] == [JOIN]
    assert bring(document) == []
    assert bring(CLUB) == []
    assert written() == before


def test_each_change_is_named_by_its_path(app: Flask) -> None:
    bring(CLUB)
    rule = {**JOIN, "amount": {"kind": "fixed", "points": "8"}}
    found = bring(changed(rules=[rule], currencies=[{"key": "redeemable", "cost_fen": 7}]))
    assert [(each.path, each.before, each.after) for each in found] == [
        ("currencies.redeemable.cost_fen", 0, 7),
        ("rules.join.amount.points", "5", "8"),
    ]


def test_rules_are_the_whole_list_and_other_parts_stay(app: Flask) -> None:
    bring(CLUB)
    gift = {**JOIN, "key": "gift", "source": "member.birthday"}
    found = bring({"format": "portal-club", "version": 1, "rules": [gift]})
    assert [each.path for each in found] == ["rules.gift", "rules.join"]
    document = document_on(today())
    assert [each["key"] for each in document["rules"]] == ["gift"]
    assert document["schemes"][0]["terms"]["tiers"][0]["key"] == "blue"


def test_a_club_may_begin_later(app: Flask) -> None:
    bring(CLUB)
    rule = {**JOIN, "amount": {"kind": "fixed", "points": "8"}}
    day = today() + timedelta(30)
    bring(changed(rules=[rule]), begins_on=day)
    assert document_on(today())["rules"] == [JOIN]
    assert document_on(day)["rules"] == [rule]
    assert bring(changed(rules=[rule]), begins_on=day) == []


def test_it_does_not_begin_in_the_past(app: Flask) -> None:
    with pytest.raises(ClubFileError, match="today at the earliest"):
        bring(CLUB, begins_on=today() - timedelta(1))


def test_the_card_shows_another_scheme(app: Flask) -> None:
    bring(CLUB)
    other = {**CLUB["schemes"][0], "key": "other"}
    bring(changed(schemes=[other]))
    found = {each["key"]: each["is_club"] for each in document_on(today())["schemes"]}
    assert found == {"other": True, "club": False}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("format",), "x", "format: 'x': Must be equal to portal-club."),
        (("rules", 0, "amount", "points"), 5, "rules.0.amount.points: 5: Not a valid string."),
        (("rules", 0, "to"), ["gold"], "rules.0.to.0: 'gold': Must be one of: redeemable,"),
        (("rules", 0, "source"), "nothing.done", "rules.0: 'join': "),
        (("currencies", 0, "expiry_months"), 0, "currencies.0.expiry_months: 0: "),
        (("currencies", 0, "expiry_day"), 100, "currencies.0.expiry_day: 100: "),
        (("currencies", 0, "colour"), "red", "currencies.0.colour: 'red': Unknown field."),
        (("schemes", 0, "terms", "tiers", 1, "color"), "pink",
         "schemes.0.terms.tiers.1.color: 'pink': Must be one of: blue, silver, gold, diamond."),
        (("schemes", 0, "terms", "tiers", 1, "reach", "metric"), "luck",
         "schemes.0.terms.tiers.1.reach: {'metric': 'luck', 'at_least': 1}: no metric luck"),
        (("schemes", 0, "name"), {"fr": "x"},
         "schemes.0.name.fr: 'x': Must be one of: zh_Hans_CN, zh_Hant, en."),
        (("schemes", 0, "terms", "tiers", 3, "reach"),
         {"all": [{"metric": "units", "at_least": 5}, {"metric": "units", "below": 2}]},
         "schemes.0.terms: 'diamond"),
    ],
)  # fmt: skip
def test_a_bad_file_says_where_and_nothing_is_written(
    app: Flask, path: tuple[Any, ...], value: Any, said: str
) -> None:
    bring(CLUB)
    before = written()
    rule = {**JOIN, "amount": {"kind": "fixed", "points": "8"}}
    document = changed(rules=[rule], currencies=[{"key": "redeemable", "cost_fen": 7}])
    place: Any = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    with pytest.raises(ClubFileError) as caught:
        bring(document)
    assert any(str(fault).startswith(said) for fault in caught.value.faults), caught.value
    assert written() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1, column 1"),
        ('{"format": "portal-club",', "line 1, column"),
        ("[]", "An object is wanted"),
        ('{"format": 1, "format": 2}', "'format' is there twice"),
        ('{"format": NaN}', "NaN is no number"),
        ("[" * 100_000, "the file"),
        ("x" * 5_000_001, "At most 5,000,000 characters"),
    ],
)
def test_what_is_no_document_is_refused(text: str, said: str) -> None:
    with pytest.raises(ClubFileError) as caught:
        read(text)
    assert said in str(caught.value)


def test_keys_are_there_once() -> None:
    with pytest.raises(ClubFileError, match=r"rules.1.key: 'join': It is there twice"):
        read(json.dumps(changed(rules=[JOIN, JOIN])))


def test_the_shell_shows_and_leaves_it(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "club.json"
    file.write_text(json.dumps(CLUB), "utf-8")
    before = written()
    dry = run(app, "import", str(file), "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "nothing was written" in dry.output
    assert "rules.join: - ->" in dry.output
    assert written() == before
    assert "changes are in force" in run(app, "import", str(file)).output
    out = tmp_path / "out.json"
    assert run(app, "export", str(out)).exit_code == 0
    assert "Nothing to change" in run(app, "import", str(out)).output
    file.write_text('{"format": "x"}', "utf-8")
    refused = run(app, "import", str(file))
    assert refused.exit_code == 1
    assert "format: 'x': Must be equal to portal-club." in refused.output
    file.write_bytes(b"\xff\xfe")
    assert "UTF-8" in run(app, "import", str(file)).output
    assert run(app, "import").exit_code == 2


def test_the_schema_is_published_and_agrees(app: Flask) -> None:
    ensure_currencies()
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    kept = json.loads((ROOT / "docs" / "club.schema.json").read_text("utf-8"))
    assert kept == schema, "Run: portal club schema > docs/club.schema.json"
    validator = jsonschema.Draft202012Validator(schema)
    bring(CLUB)
    for document in (CLUB, document_on(today())):
        assert list(validator.iter_errors(document)) == []
    for bad in (changed(rules=[{**JOIN, "x": 1}]), changed(format="x"), changed(version="1")):
        assert list(validator.iter_errors(bad))
