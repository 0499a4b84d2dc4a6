"""Personal numbers at rest."""

import dataclasses

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from flask import Flask

from portal import crypto
from portal.extensions import db
from tests import factories


def test_a_ciphertext_reads_back_and_never_repeats(app: Flask) -> None:
    first, second = crypto.encrypt("+8613800138000"), crypto.encrypt("+8613800138000")
    assert first != second
    assert crypto.decrypt(first) == crypto.decrypt(second) == "+8613800138000"


def test_an_altered_ciphertext_is_refused(app: Flask) -> None:
    sealed = bytearray(crypto.encrypt("+8613800138000"))
    sealed[-1] ^= 1
    with pytest.raises(InvalidTag):
        crypto.decrypt(bytes(sealed))


def test_a_newer_key_encrypts_while_the_older_still_decrypts(app: Flask) -> None:
    old = crypto.encrypt("1")
    lookup = crypto.lookup_hash("phone", "1")
    settings = app.extensions["portal.settings"]
    keys = {**settings.data_keys, 2: b"k" * 32}
    app.extensions["portal.settings"] = dataclasses.replace(settings, data_keys=keys)
    try:
        assert crypto.encrypt("1")[0] == 2
        assert crypto.decrypt(old) == "1"
        assert crypto.lookup_hash("phone", "1") == lookup
    finally:
        app.extensions["portal.settings"] = settings


def test_lookup_hashes_are_apart_by_purpose(app: Flask) -> None:
    assert crypto.lookup_hash("phone", "8000") != crypto.lookup_hash("phone_tail", "8000")


def test_no_phone_lies_in_the_database_as_text(app: Flask) -> None:
    factories.make_account(phone="+8613800138000")
    row = db.session.execute(sa.text("SELECT * FROM account")).one()
    assert len(row) > 5
    for value in row:
        kept = value.encode() if isinstance(value, str) else value
        assert not isinstance(kept, bytes) or b"13800138000" not in kept
