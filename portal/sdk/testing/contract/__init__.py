"""What every plugin owes the portal, as tests: `TestContract = plugin_contract("library")`."""

from collections.abc import Callable, Mapping
from typing import Any

from portal.members.models import Member
from portal.projects.models import Project
from portal.sdk.testing.contract.facts import Facts
from portal.sdk.testing.contract.gate import Gate
from portal.sdk.testing.contract.home import Home
from portal.sdk.testing.contract.life import Life
from portal.sdk.testing.contract.people import People

Sample = Callable[[Project, Member], Any]


class _Contract(Facts, Gate, Life, People, Home):
    """Every part of the contract, each a class of tests over the same world."""


def plugin_contract(
    name: str, *, sample: Sample | None = None, keeps: Mapping[str, str] | None = None
) -> type:
    """Return a class of tests that the installed plugin `name` has to pass.

    `sample(project, member)` adds what the plugin keeps of a member, and may return the public ids
    of what it added, by a word each; without it the plugin's `demo_data` fills the project.
    `keeps` says of a table why its rows still name the member, by number, after an erasure.
    """
    kept = staticmethod(sample) if sample else None
    members = {
        "plugin": name,
        "sample": kept,
        "keeps": keeps or {},
        "__doc__": f"The contract of {name}.",
    }
    return type("TestContract", (_Contract,), members)
