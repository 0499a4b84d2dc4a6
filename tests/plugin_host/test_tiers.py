"""Tiers through the SDK."""

from datetime import date

from flask import Flask

from portal import sdk
from portal.plugin_host.refs import member_ref
from tests.factories import make_member
from tests.tiers.helpers import install, night


def test_a_plugin_reads_a_members_tier_and_what_there_is(host_app: Flask) -> None:
    assert sdk.tiers() == []
    member = member_ref(make_member())
    assert sdk.tier_of(member) is None
    install()
    night(date(2026, 1, 1))
    assert sdk.tier_of(member) == "blue"
    assert sdk.tier_of(member, on=date(2025, 12, 31)) is None
    other = member_ref(make_member())
    assert sdk.tiers_of([member, other]) == {member.id: "blue", other.id: None}
    assert [(tier.key, tier.rank) for tier in sdk.tiers()] == [
        ("blue", 1), ("silver", 2), ("gold", 3), ("diamond", 4),
    ]  # fmt: skip
