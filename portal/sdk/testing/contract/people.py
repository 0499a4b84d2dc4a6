"""What a plugin keeps of a member is told to the member, and goes with the member."""

import json
import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.personal_data import ExportPart, settled
from portal.plugin_host import everyone
from portal.plugin_host.refs import member_ref
from portal.sdk.testing.contract.world import World
from portal.sdk.testing.statements import counted

SENTENCE = 15
"""Letters that a reason has at least."""


class People:
    """Members' data."""

    keeps: Mapping[str, str] = {}

    def test_there_is_something_of_a_member(self, contract: World) -> None:
        """Otherwise the tests below could not fail."""
        about = columns_of(contract)
        assert not about or any(_rows(contract, column) for column in about), (
            "give plugin_contract a sample(project, member) that adds something of the member's"
        )

    def test_an_export_reads_every_table_about_a_member(self, contract: World) -> None:
        with counted() as sent:
            parts = self._ask(contract, "export_member_data") or []
            for part in parts:
                assert isinstance(part, ExportPart)
                settled(part)
        read = " ".join(sent.texts)
        unread = {
            column.table.name
            for column in columns_of(contract)
            if _rows(contract, column) and not re.search(rf"\b{column.table.name}\b", read)
        }
        assert unread == set()

    def test_an_erasure_leaves_no_member(self, contract: World) -> None:
        """Nor the name in any text; what has to stay under a number is named in `keeps`."""
        self._ask(contract, "erase_member_data")
        db.session.flush()
        db.session.expire_all()
        assert [table for table, why in self.keeps.items() if len(why) < SENTENCE] == []
        left = [
            f"{each.table.name}.{each.name}"
            for each in columns_of(contract)
            if each.table.name not in self.keeps and _rows(contract, each)
        ]
        assert left == []
        assert [place for place in texts_of(contract) if _names(place, contract.member.name)] == []

    def _ask(self, contract: World, hook: str) -> Any:
        found = contract.hook(hook)
        if found is None:
            assert everyone.tables_about_people(contract.name) == [], f"it lacks the hook {hook}"
            return None
        with contract.app.test_request_context():
            return found.function(**dict.fromkeys(found.argnames, member_ref(contract.member)))


def columns_of(contract: World) -> list[sa.Column[int]]:
    """Return the columns of the plugin's tables that name a member."""
    return [
        column
        for table in contract.tables
        for column in table.c
        if "member" in {key.column.table.name for key in column.foreign_keys}
    ]


def texts_of(contract: World) -> list[sa.Column[Any]]:
    """Return the columns of the plugin's tables that hold texts."""
    kinds = (sa.String, sa.JSON)
    return [
        column for table in contract.tables for column in table.c if isinstance(column.type, kinds)
    ]


def _rows(contract: World, column: sa.Column[int]) -> int:
    """Return how many rows name the member of the contract."""
    count = sa.select(sa.func.count()).select_from(column.table).where(column == contract.member.id)
    return db.session.scalar(count) or 0


def _names(column: sa.Column[Any], name: str) -> bool:
    """Tell whether a text names somebody, in JSON too, where Chinese is written in ASCII."""
    written = json.dumps(name).strip('"').replace("\\", "\\\\")
    text = sa.cast(column, sa.Text)
    found = sa.select(sa.literal(1)).where(sa.or_(text.contains(name), text.like(f"%{written}%")))
    return db.session.scalar(found.select_from(column.table).limit(1)) is not None
