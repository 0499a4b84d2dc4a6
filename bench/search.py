"""Finding in the index against scanning the same documents with LIKE.

    python -m bench.search [--documents N] [--database sqlite|postgresql] [--rounds N] [--plans]

Documents of members (names, card numbers, homes) and of complaints (sentences), in one transaction;
every question is asked both ways in turn in one process, and the medians are compared. The scan has
the same audience, order and page, and finds neither traditional characters nor words in any order.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from portal import clock, create_app
from portal.config import load_settings
from portal.database import revisions
from portal.extensions import db
from portal.search import audiences
from portal.search.documents import Document
from portal.search.folding import question
from portal.search.models import SearchDocument
from portal.search.queries import Scope, find, groups, matching
from portal.search.service import write
from tests import services

GOAL = 10.0
"""How many times faster than a scan a question must be that finds few documents."""
QUESTIONS = (
    ("rare word", "渗漏严重"),
    ("one name", "欧阳明月"),
    ("card number", "88004243"),
    ("one character of a name", "曦"),
    ("traditional characters", "電梯異響"),
    ("common word", "电梯"),
    ("in every second document", "栋"),
    ("nothing", "风马牛"),
)
COMMON = frozenset({"曦", "电梯", "栋"})
"""In more than one document of a hundred: nothing is promised."""
_PLACES = ["卫生间", "厨房", "地下室", "电梯", "大堂", "车库", "阳台", "楼道", "水泵房", "花园"]
_FAULTS = ["漏水", "异响", "积水", "停电", "反味", "渗漏", "开裂", "堵塞", "噪音", "脱落"]
_NAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗欧阳明月晓芸志强海燕建国文静思远雨桐子涵曦"


def say(line: str) -> None:
    """Write a line of the report."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def documents(number: int, keys: Sequence[str]) -> list[Document]:
    """Return documents, half of them members, half complaints; the same every time."""
    draw = random.Random(7)
    newest = clock.now()
    found = []
    for i in range(number):
        home = f"{i % 40 + 1} 栋 {i % 3 + 1} 单元 {i % 30 + 1}{i % 4 + 1:02d}"
        at = newest - timedelta(minutes=i)
        if i % 2:
            name = "欧阳明月" if i % 20_001 == 1 else "".join(draw.choices(_NAMES, k=3))
            title, body, names = name, f"{88_000_000 + i} · {home}", (name,)
        else:
            text = f"{draw.choice(_PLACES)}{draw.choice(_FAULTS)}"
            more = "严重，" if i % 1_000 == 0 else "，"
            body = f"{home}，{draw.choice(_PLACES)}{draw.choice(_FAULTS)}{more}请尽快安排人员处理。"
            title, names = text, ()
        found.append(Document(f"k{i}", title, f"/x/{i}", keys, at, body, names))
    return found


def scan(text: str, keys: Sequence[str]) -> list[Any]:
    """Return what LIKE finds, title hits first, then newest."""
    wanted = f"%{text}%"
    document = SearchDocument.__table__
    title, body = sa.cast(document.c.title, sa.Text), sa.cast(document.c.body, sa.Text)
    if db.engine.dialect.name == "sqlite":
        # JSON texts hold Chinese as escapes there.
        title, body = (
            sa.func.json_extract(column, "$") for column in (document.c.title, document.c.body)
        )
        audience = document.c.audiences.like(f"%{keys[0]}%")
    else:
        title, body = (
            column.op("#>>")(sa.text("'{}'")) for column in (document.c.title, document.c.body)
        )
        audience = document.c.audiences.bool_op("&&")(sa.cast(keys, document.c.audiences.type))
    statement = (
        sa.select(document.c.kind, document.c.key, title, body)
        .where(sa.or_(title.like(wanted), body.like(wanted)), audience)
        .order_by(sa.case((title.like(wanted), 1), else_=0).desc(), document.c.updated_at.desc())
        .limit(20)
    )
    return list(db.session.execute(statement).all())


def seconds(act: Callable[[], object], rounds: int) -> float:
    """Return the median time of `act`."""
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begun)
        db.session.rollback()
    return statistics.median(taken)


def measure(number: int, rounds: int, *, plans: bool) -> bool:
    """Fill the index, ask, print a line for every question; tell whether the goal is met."""
    keys = list(audiences.permission("members.view", None))
    others = [f"permission:kind.p{i}:club" for i in range(20)]
    made = documents(number, keys)
    begun = time.perf_counter()
    for start in range(0, number, 1_000):
        write("thing", made[start : start + 1_000])
    db.session.commit()
    taken = time.perf_counter() - begun
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # PostgreSQL's GIN index keeps new rows in a list until it is cleaned.
        vacuum = "VACUUM ANALYZE" if connection.dialect.name == "postgresql" else "ANALYZE"
        connection.exec_driver_sql(vacuum)
    say(f"{number} documents written in {taken:.1f} s, {taken / number * 1e6:.0f} µs each")
    good = True
    for name, text in QUESTIONS:
        held = [*keys, *others]
        index = seconds(lambda text=text, held=held: find(text, held), rounds)
        page = seconds(
            lambda text=text, held=held: groups(question(text), held, Scope(), each=5), rounds
        )
        linear = seconds(lambda text=text: scan(text, keys), max(rounds // 5, 3))
        ratio = linear / index
        goal = "" if text in COMMON else f">= {GOAL:.0f}  {'PASS' if ratio >= GOAL else 'FAIL'}"
        good = good and (text in COMMON or ratio >= GOAL)
        say(
            f"{name:28} find {index * 1e3:8.2f} ms  page {page * 1e3:8.2f} ms  "
            f"LIKE {linear * 1e3:8.2f} ms  ratio {ratio:8.1f}  {goal}"
        )
        if plans:
            _show_plan(text, held)
    return good


def _show_plan(text: str, held: Sequence[str]) -> None:
    matched = matching(question(text), held, Scope())
    assert matched is not None
    statement, keys = matched
    statement = statement.order_by(*(key.desc() for key in keys)).limit(20)
    compiled = statement.compile(db.engine)
    values: Any = dict(compiled.params)
    if isinstance(compiled, sa.sql.compiler.SQLCompiler) and compiled.positional:
        values = tuple(values[name] for name in compiled.positiontup or ())
    explain = "EXPLAIN QUERY PLAN" if db.engine.dialect.name == "sqlite" else "EXPLAIN ANALYZE"
    for row in db.session.connection().exec_driver_sql(f"{explain} {compiled}", values):
        say(f"     {row[-1]}")


def main() -> int:
    """Measure on one database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--plans", action="store_true")
    chosen = parser.parse_args()
    say(f"{chosen.database}; {chosen.documents} documents; {chosen.rounds} rounds")
    if chosen.database == "postgresql":
        with services.postgresql() as url:
            return _run(url, chosen)
    with tempfile.TemporaryDirectory() as folder:
        return _run(f"sqlite:///{Path(folder) / 'bench.sqlite3'}", chosen)


def _run(url: str, chosen: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as home:
        settings = load_settings({"PORTAL_HOME": home, "PORTAL_DATABASE_URL": url})
        app = create_app(settings, plugins=[])
        with app.app_context():
            revisions.upgrade()
            good = measure(chosen.documents, chosen.rounds, plans=chosen.plans)
            db.session.remove()
            db.engine.dispose()
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
