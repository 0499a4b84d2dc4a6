"""Every act that is recorded has words, and only look-ups by phone write during a GET."""

import ast
from pathlib import Path

from portal.claims.models import ClaimState
from portal.staff.words import ACTION_TITLES, SUBJECT_TITLES

PORTAL = Path(__file__).parents[2] / "portal"


def calls(name):
    for path in sorted(PORTAL.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == name:
                yield path.relative_to(PORTAL).as_posix(), node


def test_every_recorded_act_has_words():
    actions = {f"claim.{state}" for state in ClaimState}
    for name in ("record", "record_apart"):
        for _path, call in calls(name):
            for keyword in call.keywords:
                if keyword.arg == "action" and isinstance(keyword.value, ast.Constant):
                    actions.add(keyword.value.value)
    assert len(actions) > 30
    assert actions - ACTION_TITLES.keys() == set()


def test_every_kind_of_subject_has_a_word():
    kinds = set()
    for name in ("record", "record_apart"):
        for _path, call in calls(name):
            for keyword in call.keywords:
                if keyword.arg == "subject" and isinstance(keyword.value, ast.Tuple):
                    kind = keyword.value.elts[0]
                    kinds |= {kind.value} if isinstance(kind, ast.Constant) else set()
    assert len(kinds) > 5
    assert kinds - SUBJECT_TITLES.keys() == set()


def test_only_reviewed_places_write_during_a_get():
    assert [path for path, _call in calls("record_apart")] == ["staff/member_list.py"]
