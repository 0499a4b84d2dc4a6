"""What the portal's own tests need of every installed plugin: something of a member's in it.

A plugin's `tests/plugins/<name>/samples.py` has `NAMES` (what each argument of its addresses names,
by endpoint or else by blueprint) and `add_sample(project, member)`, which switches the plugin on
there, adds rows about the member and returns their public ids by what they name. It may have
`CLUB_WIDE` (endpoints that only those use who see the whole club) and `REFUSED_TO_ONESELF`
(addresses that refuse the member's own thing, for a reason).
"""

from importlib import import_module
from types import ModuleType

from portal.members.models import Member
from portal.projects.models import Project
from tests.plugins.conftest import INSTALLED


def _modules() -> list[ModuleType]:
    return [import_module(f"tests.plugins.{name}.samples") for name in sorted(INSTALLED)]


def names() -> dict[str, dict[str, str]]:
    """Return what the arguments of all plugins' addresses name."""
    return {key: words for module in _modules() for key, words in module.NAMES.items()}


def club_wide() -> set[str]:
    """Return the endpoints that only those use who see the whole club."""
    return {each for module in _modules() for each in getattr(module, "CLUB_WIDE", ())}


def refused_to_oneself() -> set[str]:
    """Return the addresses that refuse the member's own thing."""
    return {each for module in _modules() for each in getattr(module, "REFUSED_TO_ONESELF", ())}


def add_samples(project: Project, member: Member) -> dict[str, str]:
    """Add something of a member's to every installed plugin; return the public ids."""
    return {
        key: public_id
        for module in _modules()
        for key, public_id in module.add_sample(project, member).items()
    }
