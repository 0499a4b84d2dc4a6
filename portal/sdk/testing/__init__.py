"""The kit for tests of plugins: a pytest plugin that an author switches on in `conftest.py` with

    pytest_plugins = ["portal.sdk.testing"]

Nothing of it is loaded otherwise: it imports the whole portal. docs/plugins/testing.md tells what
each fixture is; `plugin_contract` makes some twenty tests of one line.
"""

from portal.sdk.testing import factories
from portal.sdk.testing.carried import mailbox, run_jobs
from portal.sdk.testing.clients import client, client_class
from portal.sdk.testing.contract import plugin_contract
from portal.sdk.testing.contract.world import contract, contract_world
from portal.sdk.testing.database import app, database_url, migrated_app, settings
from portal.sdk.testing.emitted import outbox
from portal.sdk.testing.moving import clock
from portal.sdk.testing.people import (
    as_account,
    as_member,
    as_staff,
    member,
    other_project,
    project,
    staff,
)
from portal.sdk.testing.statements import query_count
from portal.sdk.testing.switching import enabled

__all__ = [
    "app",
    "as_account",
    "as_member",
    "as_staff",
    "client",
    "client_class",
    "clock",
    "contract",
    "contract_world",
    "database_url",
    "enabled",
    "factories",
    "mailbox",
    "member",
    "migrated_app",
    "other_project",
    "outbox",
    "plugin_contract",
    "project",
    "query_count",
    "run_jobs",
    "settings",
    "staff",
]
