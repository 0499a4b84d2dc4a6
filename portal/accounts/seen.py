"""When a session was last used: noted in memory, written after the answer has gone out.

A GET never writes. So a session that has not been seen for a minute is put into a small buffer,
which is written in a transaction of its own once the response is closed, at most every five
seconds a process. What a stopping process loses is at most that.
"""

import threading
import time
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, after_this_request, current_app

from portal import clock
from portal.accounts.models import SignIn
from portal.extensions import db

SEEN_EVERY = timedelta(minutes=1)
FLUSH_SECONDS = 5.0


class SeenBuffer:
    """Sessions and tokens seen and not yet written; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[tuple[Any, int], datetime] = {}
        self._flushed = float("-inf")

    def note(self, column: Any, row_id: int, at: datetime) -> None:
        """Remember a moment for a row's column."""
        with self._lock:
            self._seen[column, row_id] = at

    def take_due(self) -> dict[tuple[Any, int], datetime]:
        """Return what should be written now, and forget it; empty within five seconds."""
        with self._lock:
            if not self._seen or time.monotonic() - self._flushed < FLUSH_SECONDS:
                return {}
            self._flushed = time.monotonic()
            seen, self._seen = self._seen, {}
            return seen


def note_seen(sign_in: SignIn) -> None:
    """Have this request's session written as seen, when the last time is over a minute ago."""
    note_moment(SignIn.last_seen_at, sign_in.id, sign_in.last_seen_at)


def note_moment(column: Any, row_id: int, last: datetime | None) -> None:
    """Have now written to a row's column, when `last` is over a minute ago or there is none."""
    now = clock.now()
    if last is not None and now - last < SEEN_EVERY:
        return
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    buffer: SeenBuffer = app.extensions.setdefault("portal.seen", SeenBuffer())
    buffer.note(column, row_id, now)

    @after_this_request
    def write_later(response: Response) -> Response:
        response.call_on_close(lambda: _flush(app, buffer))
        return response


def _in_order(item: tuple[tuple[Any, int], datetime]) -> tuple[str, int]:
    # Two processes that flush at once take the rows in the same order.
    (column, row_id), _at = item
    return str(column), row_id


def _flush(app: Flask, buffer: SeenBuffer) -> None:
    seen = buffer.take_due()
    if not seen:
        return
    with app.app_context():
        try:
            for (column, row_id), at in sorted(seen.items(), key=_in_order):
                row = column.class_
                db.session.execute(
                    sa.update(row)
                    .where(row.id == row_id, sa.or_(column.is_(None), column < at))
                    .values({column: at})
                    .execution_options(synchronize_session=False)
                )
            db.session.commit()
        except sa.exc.OperationalError:
            db.session.rollback()
            app.logger.warning("when sessions were seen could not be written", exc_info=True)
