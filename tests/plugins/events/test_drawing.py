"""The draw as a function: deterministic, within every quota, parties all or none, repeatable."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugins.events.ballot import drawing
from plugins.events.ballot.drawing import Lots, differences, digest_of, draw, frozen_text, seed_of

# A loaded machine is slow at making up entries.
unhurried = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
QUOTAS = ("total", "bus", "children")


@st.composite
def entries(make):
    listed = []
    for number in range(make(st.integers(0, 12))):
        seats = make(st.integers(1, 4))
        needs = {"total": seats}
        for key in QUOTAS[1:]:
            if many := make(st.integers(0, seats)):
                needs[key] = many
        listed.append(Lots(f"entry-{number}", seats, make(st.integers(1, 5)), needs))
    return listed


rooms = st.fixed_dictionaries({key: st.none() | st.integers(0, 12) for key in QUOTAS})


@unhurried
@given(entries(), rooms, st.text(max_size=8))
def test_winners_fit_into_every_quota_and_nobody_who_fits_is_left_out(listed, room, seed):
    drawn = draw(listed, seed, room)
    by_id = {each.id: each for each in listed}
    assert sorted(key for key, _won in drawn) == sorted(by_id)
    left = dict(room)
    for key, won in drawn:
        needs = by_id[key].needs
        fits = all(left[quota] is None or many <= left[quota] for quota, many in needs.items())
        assert won == fits
        if won:
            for quota, many in needs.items():
                left[quota] = None if left[quota] is None else left[quota] - many
    assert all(free is None or free >= 0 for free in left.values())


@unhurried
@given(entries(), rooms, st.text(max_size=8), st.randoms(use_true_random=False))
def test_the_same_comes_out_again_in_whatever_order_entries_are_read(listed, room, seed, chance):
    text, drawn = frozen_text(listed, room), draw(listed, seed, room)
    chance.shuffle(listed)
    assert (frozen_text(listed, room), draw(listed, seed, room)) == (text, drawn)
    again, room_again = drawing.read_frozen(text)
    assert (sorted(again, key=lambda each: each.id), room_again) == (
        sorted(listed, key=lambda each: each.id),
        room,
    )


def test_more_lots_come_earlier_in_their_proportion():
    """One of two with three lots against one is first in three draws of four."""
    two = [Lots("a", 1, 3, {}), Lots("b", 1, 1, {})]
    first = sum(draw(two, f"seed-{n}", {})[0][0] == "a" for n in range(2_000))
    # Seeds are fixed, so this is one number; 1,500 is expected.
    assert 1_440 < first < 1_560


def told_of(listed, room):
    secret, number = "s" * 64, "528"
    text = frozen_text(listed, room)
    digest = digest_of(text)
    return {
        "secret": secret,
        "secret_hash": digest_of(secret),
        "number": number,
        "entries_hash": digest,
        "frozen": text,
        "room": room,
        "outcome": draw(listed, seed_of(secret, number, digest), room),
    }


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({}, []),
        ({"number": "529"}, ["outcome"]),
        ({"secret": "t" * 64}, ["secret", "outcome"]),
        ({"room": {"total": 1}}, ["outcome"]),
    ],
)
def test_a_file_is_computed_again_and_compared(changed, wrong):
    listed = [Lots(f"e{n}", 1 + n % 3, 1, {"total": 1 + n % 3}) for n in range(9)]
    assert differences(told_of(listed, {"total": 8}) | changed) == wrong


def test_another_list_is_another_hash():
    told = told_of([Lots("a", 1, 1, {"total": 1}), Lots("b", 1, 1, {"total": 1})], {"total": 1})
    told["frozen"] = told["frozen"].replace('"lots":1', '"lots":2', 1)
    assert "entries" in differences(told)


def test_the_command_needs_nothing_but_python(tmp_path):
    told = told_of([Lots(f"e{n}", 1, 1, {"total": 1}) for n in range(5)], {"total": 2})
    (tmp_path / "draw.json").write_text(json.dumps(told), encoding="utf-8")
    root = Path(__file__).parents[3]
    # -S: without the packages that are installed.
    command = [sys.executable, "-S", "-m", "plugins.events.ballot.drawing"]
    done = subprocess.run(
        [*command, str(tmp_path / "draw.json")],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "the same"), done.stderr
    told["outcome"] = told["outcome"][::-1]
    (tmp_path / "draw.json").write_text(json.dumps(told), encoding="utf-8")
    assert drawing.main([str(tmp_path / "draw.json")]) == 1
    assert drawing.main([]) == 2
