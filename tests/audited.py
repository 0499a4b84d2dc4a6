"""Whatever staff write leaves a row in the audit trail: held for every request of every test.

Two nets. `reaches_record` walks from a view through the functions it calls to the one that records.
`Watch` looks at what a request really wrote: the tests' client asks it after every request.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any

import sqlalchemy as sa
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from portal.access import Audience, access_of
from portal.audit import service

_WRITE = re.compile(r'\s*(?:INSERT INTO|DELETE FROM|UPDATE)\s+"?(\w+)', re.IGNORECASE)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
RECORDERS = frozenset({service.record, service.record_apart})
# Of the machinery, not of a person's act.
TECHNICAL = frozenset(
    {
        "audit_entry",
        "domain_event",
        "event_delivery",
        "idempotency_key",
        "job",
        "notification",
        "one_time_code",
        "outgoing_message",
        "plugin_fault",
        "search_document",
        "search_index",
        "sign_in",
        "sign_in_failure",
    }
)
EXEMPT = {
    "roster.staff_columns": "says which column of a preview is what; upload and start are recorded",
    "roster_api.staff_columns": "says which column of a preview is what, as above",
    "contract_imports.staff_columns": "says which column of a preview is what, as above",
    "earning.try_out": "a dry run, rolled back: what it says is shown and not kept",
    "staff_points_api.post": "a repeated key posts nothing; the first one is recorded (tests/api)",
}
"""Endpoint -> why it records nothing."""


def staff_writes(app: Flask) -> list[Rule]:
    """Return the routes that a permission guards and that may write."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if (access := access_of(app.view_functions[rule.endpoint])) is not None
        and access.audience is Audience.PERMISSION
        and (rule.methods or set()) - SAFE
        and app.view_functions[rule.endpoint].__module__.startswith("portal.")
    ]


def reaches_record(view: Callable[..., object]) -> bool:
    """Tell whether a view calls, through functions of the portal, one that records."""
    waiting, seen = [view], set()
    while waiting:
        function = inspect.unwrap(waiting.pop())
        if function in RECORDERS:
            return True
        if function in seen or not isinstance(function, FunctionType):
            continue
        seen.add(function)
        if function.__module__.startswith("portal."):
            waiting += called_by(function)
    return False


def called_by(function: FunctionType) -> Iterator[Callable[..., object]]:
    """Yield what a function names: functions and classes of its module, and of modules it names."""
    source = textwrap.dedent(inspect.getsource(function))
    names = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    for node in ast.walk(ast.parse(source)):
        found: Any = None
        if isinstance(node, ast.Name):
            found = names.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = names.get(node.value.id)
            if isinstance(owner, ModuleType | type):
                found = getattr(owner, node.attr, None)
        if callable(found):
            yield found


class Writes:
    """The tables that transactions wrote to and committed, savepoints that were undone left out."""

    def __init__(self) -> None:
        self.committed: set[str] = set()
        self.open: dict[sa.Connection, list[set[str]]] = {}

    def stack(self, connection: sa.Connection) -> list[set[str]]:
        """Return the tables written to, a set for the transaction and each savepoint."""
        return self.open.setdefault(connection, [set()])

    def before_cursor_execute(
        self, connection: sa.Connection, _cursor: Any, text: str, *_: Any
    ) -> None:
        """Note the table of a statement that writes."""
        found = _WRITE.match(text)
        if found:
            self.stack(connection)[-1].add(found[1])

    def savepoint(self, connection: sa.Connection, _name: str) -> None:
        """Begin a set of its own."""
        self.stack(connection).append(set())

    def release_savepoint(self, connection: sa.Connection, *_: Any) -> None:
        """Add what the savepoint wrote to what is around it."""
        if len(self.stack(connection)) > 1:
            done = self.stack(connection).pop()
            self.stack(connection)[-1] |= done

    def rollback_savepoint(self, connection: sa.Connection, *_: Any) -> None:
        """Forget what the savepoint wrote."""
        if len(self.stack(connection)) > 1:
            self.stack(connection).pop()

    def commit(self, connection: sa.Connection) -> None:
        """Keep what the transaction wrote."""
        self.committed.update(*self.open.pop(connection, []))

    def rollback(self, connection: sa.Connection) -> None:
        """Forget what the transaction wrote."""
        self.open.pop(connection, None)


_watching: list[Writes] = []


def _tell_all(event: str) -> Callable[..., None]:
    def tell(*args: Any) -> None:
        for writes in tuple(_watching):
            getattr(writes, event)(*args)

    return tell


# Listened to for good: who listens anew while another thread sends a statement breaks that one.
for _event in [name for name in vars(Writes) if not name.startswith("_") and name != "stack"]:
    sa.event.listen(sa.Engine, _event, _tell_all(_event))


@contextmanager
def watched() -> Iterator[set[str]]:
    """Collect the tables that the block writes to and commits."""
    writes = Writes()
    _watching.append(writes)
    try:
        yield writes.committed
    finally:
        _watching.remove(writes)


def check_audited(app: Flask, method: str, path: str, status: int, written: set[str]) -> None:
    """Fail when a permission's route wrote something and left no row in the trail."""
    if method in SAFE or status >= 400 or not written - TECHNICAL:
        return
    try:
        endpoint, _ = app.url_map.bind("localhost").match(path, method=method)
    except HTTPException:
        return
    view = app.view_functions[endpoint]
    access = access_of(view)
    ours = view.__module__.startswith("portal.")
    if ours and endpoint not in EXEMPT and access and access.audience is Audience.PERMISSION:
        assert "audit_entry" in written, f"{endpoint} wrote {sorted(written)} and no audit row"
