"""`portal import contracts | payments | fees`."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.contracts.cli import commands
from portal.contracts.models import Contract, Fee, Payment
from portal.extensions import db
from tests.factories import make_project, make_unit

LISTS: dict[str, tuple[Any, str]] = {
    "contracts": (
        Contract,
        "楼栋,房号,合同编号,手机,合同总价,签约日期\n2,1502,A-1,19900000901,268万,2024-04-18\n"
        "2,9999,A-2,19900000902,268万,2024-04-18\n",
    ),
    "payments": (
        Payment,
        "合同编号,付款比例,付款金额,付款日期\nA-1,30%,80.4万,2024-05-01\nA-1,45%,-1,2024-06-01\n",
    ),
    "fees": (
        Fee,
        "楼栋,房号,账期,应收金额\n2,1502,2024-10,429\n2,9999,2024-10,429\n",
    ),
}


@pytest.fixture
def portal(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run `portal import …` in English and return its result."""
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    make_unit(make_project())

    def call(*arguments: object) -> Any:
        words = [*map(str, arguments), "--project", "binjiang"]
        return app.test_cli_runner().invoke(commands, words)

    return call


@pytest.mark.parametrize("key", LISTS)
def test_a_list_is_imported_twice_without_harm(portal: Any, tmp_path: Path, key: str) -> None:
    model, text = LISTS[key]
    file, target = tmp_path / "list.csv", tmp_path / "faults.csv"
    file.write_text(text)
    for options, kept, new in ((("--dry-run",), 0, "1"), ((), 1, "1"), ((), 1, "0")):
        done = portal(key, file, "--faults", target, *options)
        assert done.exit_code == 1, done.output
        assert db.session.scalar(sa.select(sa.func.count(model.id))) == kept
        lines = dict(line.split() for line in done.output.splitlines() if len(line.split()) == 2)
        assert (lines["rows"], lines["new"], lines["refused"]) == ("2", new, "1")
        refused = target.read_text("utf-8-sig").splitlines()
        assert len(refused) == 2
        assert refused[1].startswith("3,")


def test_what_cannot_be_used(portal: Any, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("甲,乙\n1,2\n")
    assert portal("fees", file).exit_code == 2
    assert portal("fees", file, "--column", "phone=甲").exit_code == 2
    assert portal("fees", file, "--known-homes-only").exit_code == 2
    named = "栋,号,期,钱\n2,1502,2024-10,429\n"
    file.write_text(named)
    columns = ("building=栋", "number=号", "period=期", "amount=钱")
    done = portal("fees", file, *(word for each in columns for word in ("--column", each)))
    assert done.exit_code == 0, done.output
    assert db.session.scalar(sa.select(Fee.amount)) == 42_900
