"""A form or a call of the API carries a key, which its first write transaction takes; a repetition
gets the first answer.

The row is inserted when the request's first transaction for writing begins, and is committed or
rolled back with what the view wrote. A second request with the same key waits for the first at the
unique index (lock_timeout, busy_timeout), then finds its row.
"""

import json
import logging
import re

import sqlalchemy as sa
from flask import Flask, g, has_request_context, redirect, request
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, Conflict, HTTPException, UnprocessableEntity
from werkzeug.wrappers import Response

from portal import clock
from portal.api_address import is_api_request
from portal.columns import new_public_id
from portal.crypto import lookup_hash
from portal.extensions import db, read_only, writable
from portal.idempotency import answers
from portal.idempotency.models import IdempotencyKey

FIELD = "idempotency_key"
_log = logging.getLogger(__name__)
_FORM = re.compile(r"[A-Za-z0-9_-]{16,64}")
_HIDDEN = "{token}"
_NOT_COMPARED = frozenset({FIELD, "csrf_token"})


class Repeated(HTTPException):
    """The same request was done before: answer as then."""

    code = 303


def new_key() -> str:
    """Return a key for a form that is being shown."""
    return new_public_id()


def configure_idempotency(app: Flask) -> None:
    """Take the key of every form that carries one, and keep where its first answer led."""
    if not sa.event.contains(db.session, "after_begin", _take):
        sa.event.listen(db.session, "after_begin", _take)
        sa.event.listen(db.session, "after_rollback", _give_back)
        sa.event.listen(db.session, "after_commit", _note_commit)
    app.after_request(_keep_answer)


def take_early() -> None:
    """Take the key that a call of the API brings before its view runs, not within a flush."""
    if is_api_request() and answers.key_of_header():
        db.session.connection()


def _take(session: Session, transaction: object, connection: sa.Connection) -> None:
    if read_only.get() or not has_request_context() or "idempotency_state" in g:
        return
    key = _sent_key()
    if not key:
        return
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    if "idempotency_account" not in g:
        # Asked once: after a rollback the account is expired, and loading it here would begin
        # a transaction within the beginning of one.
        account = g.get("account")
        g.idempotency_account = account.id if account else None
        # Read once, too: after a rollback the view may have read the files to their ends.
        g.idempotency_body = answers.body_digest() if is_api_request() else _body_hash()
    key = _own_key(key, g.idempotency_account)
    row = {
        "key": key,
        "account_id": g.idempotency_account,
        "body_hash": g.idempotency_body,
        "created_at": clock.now(),
    }
    table = IdempotencyKey.__table__
    # Not rowcount: PostgreSQL's driver tells -1 for an INSERT that the key's index has refused.
    adding = insert(table).values(row).on_conflict_do_nothing().returning(table.c.id)
    try:
        added = connection.execute(adding).first()
    except OperationalError as error:
        if is_api_request():
            raise answers.RunningError from error
        raise
    if added is not None:
        g.idempotency_key, g.idempotency_state = key, "taken"
        return
    first = connection.execute(sa.select(table).where(table.c.key == key)).one()
    g.idempotency_state = "repeated"
    if first.account_id != row["account_id"] or first.body_hash != row["body_hash"]:
        raise answers.ReusedError if is_api_request() else UnprocessableEntity
    if is_api_request():
        told = answers.first_answer(first.status, first.answer, first.created_at)
        raise Repeated(response=told)
    if first.location is None:
        raise Conflict
    location = first.location.replace(_HIDDEN, g.get("address_secret", ""))
    raise Repeated(response=redirect(location, 303))


def _give_back(session: Session) -> None:
    """The view rolled back: its next transaction takes the key again."""
    if session.in_nested_transaction():
        return  # A savepoint only: the key's row stays.
    if not has_request_context() or g.get("idempotency_committed"):
        return
    if g.get("idempotency_state") == "taken":
        g.pop("idempotency_state")


def _note_commit(session: Session) -> None:
    """What is committed with the key stays, whatever a later transaction does."""
    if session.in_nested_transaction():
        return
    if has_request_context() and g.get("idempotency_state") == "taken":
        g.idempotency_committed = True


def _sent_key() -> str:
    """Return the request's key; empty without one. Raises 400 for one that the API cannot take."""
    if is_api_request():
        key = answers.key_of_header()
        if key and not _FORM.fullmatch(key):
            raise BadRequest
        return key
    key = request.form.get(FIELD, "") if request.method == "POST" else ""
    return key if _FORM.fullmatch(key) else ""


def _own_key(key: str, account_id: int | None) -> str:
    """Return what is kept of a key: those of two accounts never meet, however they are chosen."""
    if account_id is None:
        return key
    return lookup_hash("idempotency key", f"{account_id} {key}").hex()


def _keep_answer(response: Response) -> Response:
    """Note where the first use of the key led, when what it wrote was committed."""
    key, values = g.get("idempotency_key"), None
    if key is not None and is_api_request():
        values = answers.to_keep(response) if g.get("idempotency_state") == "taken" else None
    elif key is not None and response.location and g.get("idempotency_state") != "repeated":
        values = {"location": _without_secret(response.location)[:500]}
    if key is None or values is None:
        return response
    g.idempotency_state = "answered"
    noting = sa.update(IdempotencyKey).where(IdempotencyKey.key == key).values(values)
    try:
        db.session.rollback()
        with writable():
            db.session.execute(noting)
            db.session.commit()
    except OperationalError as error:
        # What was done is done, and is said: only who asks again is told that the answer is lost.
        _log.warning("an answer could not be kept: %s", error.orig)
        db.session.rollback()
    return response


def _without_secret(location: str) -> str:
    """Return an address without the token that opened this one: only its hash may be kept."""
    secret = g.get("address_secret")
    return location.replace(secret, _HIDDEN) if secret else location


def _body_hash() -> bytes:
    fields = sorted(
        (name, values) for name, values in request.form.lists() if name not in _NOT_COMPARED
    )
    files = sorted((name, file.filename or "") for name, file in request.files.items(multi=True))
    account = [request.path, fields, files]
    # Keyed, since a phone could be guessed from a plain digest.
    return lookup_hash("idempotency", json.dumps(account, ensure_ascii=False))
