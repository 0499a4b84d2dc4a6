"""Counting the SQL statements that a block sends."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.extensions import db

UNCOUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SET TRANSACTION", "SAVEPOINT", "RELEASE")


@dataclass
class Statements:
    """The SQL statements that a block sent, transaction control left out."""

    texts: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.texts)


@contextmanager
def counted() -> Iterator[Statements]:
    """Collect the statements of the block."""
    sent = Statements()

    def note(_c: Any, _cursor: Any, text: str, *_: Any) -> None:
        if not text.lstrip().upper().startswith(UNCOUNTED):
            sent.texts.append(text)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture
def query_count(app: Flask) -> Callable[[], AbstractContextManager[Statements]]:
    """Count SQL statements: `with query_count() as sent: ...; assert len(sent) <= 8`."""
    return counted
