"""Telling the runners of this process that there is something to do; others look each second."""

import threading

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.extensions import db

_MARK = "portal.wakes_runners"
bell = threading.Event()


def after_commit(session: Session) -> None:
    """Ring the bell when the session's transaction is committed."""
    session.info[_MARK] = True


@sa.event.listens_for(db.session, "after_commit")
def _ring(session: Session) -> None:
    if session.info.pop(_MARK, False):
        bell.set()


@sa.event.listens_for(db.session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_MARK, None)
