"""Keyset pages."""

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.exceptions import BadRequest

from portal.extensions import db
from portal.members.models import Person
from portal.pagination import page_of
from tests import factories


def _people(count: int) -> list[int]:
    household = factories.make_member().household_id
    people = [
        Person(household_id=household, name=f"人{i % 3}", relation="other") for i in range(count)
    ]
    db.session.add_all(people)
    db.session.commit()
    return [person.id for person in sorted(people, key=lambda p: (p.name, p.id))]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 11])
def test_walking_forth_and_back_sees_every_row_once(
    app: Flask, count: int, descending: bool
) -> None:
    expected = _people(count)[:: -1 if descending else 1]

    def page(cursor: str | None) -> object:
        return page_of(
            sa.select(Person.id),
            Person.name,
            Person.id,
            descending=descending,
            size=5,
            cursor=cursor,
        )

    with app.test_request_context("/"):
        seen, pages, cursor = [], [], None
        while True:
            current = page(cursor)
            pages.append(list(current.items))
            seen += current.items
            if not current.next_cursor:
                break
            cursor = current.next_cursor
        assert seen == expected
        back = [pages[-1]]
        while current.previous_cursor:
            current = page(current.previous_cursor)
            back.append(list(current.items))
        assert back[::-1] == pages


@pytest.mark.parametrize("cursor", ["x", "W10.abc", "a" * 5000, "%00"])
def test_a_forged_cursor_is_a_bad_request(app: Flask, cursor: str) -> None:
    with app.test_request_context("/"), pytest.raises(BadRequest):
        page_of(sa.select(Person.id), Person.name, Person.id, cursor=cursor)
