"""What bench.chaos_web counts: wished, answered, there; sent, received; lost, doubled."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from bench.chaos_app import POINTS

ROWS = {
    "register": "SELECT name FROM member WHERE name LIKE 'r%'",
    "person": "SELECT name FROM person",
    "claim": "SELECT number FROM unit_claim WHERE state = 'approved'",
}
TRAIL = {
    "register": "SELECT name FROM audit_entry JOIN member ON public_id = subject_key"
    " WHERE action = 'member.joined' AND name LIKE 'r%'",
    "person": "SELECT name FROM audit_entry JOIN person ON public_id = subject_key"
    " WHERE action = 'person.added'",
    "claim": "SELECT number FROM audit_entry JOIN unit_claim ON public_id = subject_key"
    " WHERE action = 'claim.submitted'",
}
GIVEN = """
SELECT name || ' ' || available FROM points_balance
JOIN points_account ON points_account.id = points_balance.account_id
JOIN member ON member.id = points_account.member_id
"""
LEFT = """
SELECT (SELECT count(*) FROM job WHERE state IN ('waiting', 'running')
        AND (kind LIKE 'event:%' OR kind IN ('messages.send', 'webhooks.deliver')))
     + (SELECT count(*) FROM domain_event WHERE relayed_at IS NULL)
"""


@dataclass
class Table:
    """The counts, line by line; `wrong` says in words what is lost, doubled or left."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Tell whether everything that was answered is there, once."""
        return not self.wrong and self.numbers.get("wished", 0) > 0

    def add(self, what: str, **numbers: int) -> None:
        """Add a line of numbers."""
        said = ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in numbers.items())
        self.lines.append((what, said))

    def compare(self, what: str, wanted: Iterable[Any], found: Collection[Any]) -> int:
        """Note what is missing, double or invented; return how many are wrong."""
        expected, times = Counter(wanted), Counter(found)
        lost, doubled = expected - times, times - expected
        for word, these in (("lost", lost), ("doubled or invented", doubled)):
            if these:
                some = list(these)[:5]
                self.wrong.append(f"{what}: {sum(these.values())} {word}, such as {some}")
        return sum(lost.values()) + sum(doubled.values())

    def __str__(self) -> str:
        width = max(len(what) for what, _ in self.lines)
        lines = [f"{what:<{width}}  {said}" for what, said in self.lines]
        return "\n".join([*lines, *(f"WRONG  {each}" for each in self.wrong)])


def left_to_do(engine: sa.Engine) -> int:
    """Return how many events and jobs wait."""
    with engine.connect() as connection:
        return int(connection.scalar(sa.text(LEFT)) or 0)


def count(
    engine: sa.Engine,
    ledger: Any,
    killed: "Counter[str]",
    hooked: "Counter[str]",
    mails: "Counter[str]",
    subscribers: Collection[str],
) -> Table:
    """Compare what was wished with what is there, and what was sent with what arrived."""
    table = Table()
    table.wrong += ledger.odd[:10]
    with engine.connect() as connection:

        def column(statement: str) -> list[Any]:
            return list(connection.scalars(sa.text(statement)))

        table.add(
            "killed", web_workers=killed["web"], masters=killed["master"], job_runners=killed["run"]
        )
        for kind, names in ledger.wished.items():
            rows = column(ROWS[kind])
            table.compare(f"{kind}: rows", names, rows)
            trail = column(TRAIL[kind])
            table.compare(f"{kind}: trail", names, trail)
            table.compare(f"{kind}: answers", range(len(names)), range(ledger.answered[kind]))
            table.add(
                f"requests, {kind}", wished=len(names), acknowledged=ledger.answered[kind],
                rows=len(rows), audit_entries=len(trail), sent=ledger.sent[kind],
                answered_from_the_key=ledger.replayed[kind],
                answers_lost=ledger.lost_answers[kind],
            )  # fmt: skip
        given = column(GIVEN)
        joined = [f"{name} {POINTS}" for name in ledger.wished.get("register", [])]
        table.compare("points", joined, given)
        table.add("points", to_give=len(joined), given=len(given))
        _events(table, column, ledger, subscribers)
        _carried(table, column, ledger, hooked, mails)
        dead = column("SELECT kind FROM job WHERE state = 'failed'")
        open_ = int(connection.scalar(sa.text(LEFT)) or 0)
        table.add("jobs", done=len(column("SELECT id FROM job WHERE state = 'done'")),
                  dead_letters=len(dead), left=open_)  # fmt: skip
        table.compare("jobs: dead or left", [], [*dead, *range(open_)])
    table.add(
        "not answered at first", **{f"by_{status}": n for status, n in ledger.refused.items()}
    )
    table.numbers = {
        "wished": sum(len(names) for names in ledger.wished.values()),
        "acknowledged": ledger.answered.total(),
        "refused": ledger.refused.total(),
        **{f"killed_{kind}": times for kind, times in killed.items()},
    }
    table.add("lost or doubled", all_of_them=len(table.wrong))
    return table


def _events(table: Table, column: Any, ledger: Any, subscribers: Collection[str]) -> None:
    wished = {kind: len(names) for kind, names in ledger.wished.items()}
    joined, claimed = wished.get("register", 0), wished.get("claim", 0)
    expected = Counter({"member.joined": joined, "points.posted": joined})
    for kind in ("claim.made", "claim.decided", "ownership.started"):
        expected[kind] = claimed
    kinds = column("SELECT kind FROM domain_event")
    table.compare("events", expected.elements(), kinds)
    ids = column("SELECT id FROM domain_event")
    received = column("SELECT cause FROM chaos_received")
    told = {}
    for name in subscribers:
        mine = [each for each in received if each.endswith(f":{name}")]
        table.compare(f"events to {name}", [f"{each}:{name}" for each in ids], mine)
        told[f"delivered_to_{name.rpartition('.')[2]}"] = len(mine)
    table.add("events", emitted=len(ids), **told)


def _carried(
    table: Table, column: Any, ledger: Any, hooked: "Counter[str]", mails: "Counter[str]"
) -> None:
    claimed = len(ledger.wished.get("claim", []))
    joined = len(ledger.wished.get("register", []))
    deliveries = column("SELECT public_id FROM webhook_delivery WHERE state = 'delivered'")
    rows = column("SELECT id FROM webhook_delivery")
    table.compare("webhooks: rows", range(joined + 2 * claimed), range(len(rows)))
    table.compare("webhooks", deliveries, list(hooked))
    table.compare("webhooks: not delivered", range(len(rows)), range(len(deliveries)))
    table.add("webhooks", to_tell=len(rows), noted_as_delivered=len(deliveries),
              received_by_id=len(hooked), received_again=hooked.total() - len(hooked))  # fmt: skip
    sent = column("SELECT public_id FROM outgoing_message WHERE state = 'sent'")
    table.compare("mails", sent, list(mails))
    table.compare("mails: rows", range(claimed), range(len(sent)))
    table.add("mails", to_send=claimed, noted_as_sent=len(sent), received_by_id=len(mails),
              received_again=mails.total() - len(mails))  # fmt: skip
    inbox = column("SELECT account_id FROM notification")
    table.compare("inbox", range(claimed), range(len(set(inbox))))
    table.compare("inbox: once each", set(inbox), inbox)
    table.add("inbox", to_tell=claimed, rows=len(inbox), accounts=len(set(inbox)))
