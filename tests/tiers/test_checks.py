"""What cannot be published, and forms that are refused by path."""

import pytest

from portal.tiers import schema, standard
from portal.tiers.checks import faults_of
from portal.tiers.schema import FormError
from tests.tiers.helpers import form, tier


def faults(*tiers, **values):
    """Return the codes of what is wrong, with the tiers that clash."""
    return [(fault.code, fault.tiers) for fault in faults_of(schema.load(form(*tiers, **values)))]


def band(low, below):
    """Return a band of points."""
    limits = {"at_least": low} if below is None else {"at_least": low, "below": below}
    return {"metric": "points", **limits}


def test_the_standard_ladder_may_be_published_and_comes_back_whole():
    terms = schema.load(standard.FORM)
    assert faults_of(terms) == []
    assert schema.load(schema.dump(terms)) == terms


@pytest.mark.parametrize(
    ("bands", "found"),
    [
        ([(0, 50), (50, 500), (500, None)], []),
        ([(0, 50), (49, 500)], [("bands_overlap", ("a", "b"))]),
        ([(0, 50), (51, None)], [("bands_gap", ("a", "b"))]),
        ([(0, 50), (50, None), (90, None)], [("bands_overlap", ("b", "c"))]),
        ([(50, None), (50, None)], [("not_rising", ("a", "b"))]),
        ([(0, 50), (50, 50)], [("never_holds", ("b",))]),
    ],
)
def test_bands_that_clash_are_named(bands, found):
    tiers = [tier(key, band(*each)) for key, each in zip("abc", bands, strict=False)]
    assert faults(*tiers) == found


def test_a_condition_that_can_never_hold_is_refused():
    both = {"all": [band(100, None), {"metric": "points", "below": 100}]}
    assert faults(tier("a", both)) == [("never_holds", ("a",))]
    one = {"any": [band(1, None), both]}
    assert faults(tier("a", one)) == [("never_holds", ("a",))]


def test_steps_that_would_follow_each_other_every_night_are_refused():
    down = {"when": "at_once", "to": "one_step"}
    assert faults(tier("a"), down=down) == [("falls_every_night", ())]
    assert faults(tier("a"), down={**down, "grace_days": 1}) == []


def test_a_percentage_needs_what_keeps_it():
    top = {"top": {"metric": "points", "basis_points": 500, "of": "a"}}
    assert faults(tier("a"), tier("b", top)) == [("top_needs_keep", ("b",))]
    assert faults(tier("a"), tier("b", top, keep=band(1, None))) == []


def test_tiers_in_force_are_carried_over():
    earlier = schema.load(form(tier("a"), tier("b", band(1, None))))
    later = form(tier("a"), tier("c", band(1, None)))
    codes = [fault.code for fault in faults_of(schema.load(later), earlier=earlier)]
    assert codes == ["not_carried_over"]
    mapped = schema.load({**later, "carry_over": {"b": "c"}})
    assert faults_of(mapped, earlier=earlier) == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"tiers": []}, "tiers"),
        ({"unknown": 1}, "unknown"),
        ({"tiers": [tier("a", {"metric": "nothing", "at_least": 1})]}, "tiers.0.reach"),
        ({"tiers": [tier("a", {"metric": "points", "at_least": -1})]}, "tiers.0.reach.at_least"),
        ({"tiers": [tier("a"), tier("a")]}, "tiers.1.key"),
        ({"tiers": [tier("A b")]}, "tiers.0.key"),
        ({"carry_over": {"x": "y"}}, "carry_over"),
        ({"keep_percent": 0}, "keep_percent"),
    ],
)
def test_a_bad_form_names_the_path(change, path):
    with pytest.raises(FormError) as error:
        schema.load({**form(tier("a")), **change})
    assert [found for found, _ in error.value.faults] == [path]
