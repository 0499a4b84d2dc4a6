"""Sixteen clients at once, each an owner who does everything: not one 5xx, and how long it takes.

    python -m bench.mix [--seconds 120] [--clients 16] [--workers 2]

A throw-away PostgreSQL with the demo club, gunicorn with the settings of deploy/ and a runner of
jobs. The clients are owners of the demo's 滨江府 by turns; pages are read as a browser does, writes
go through the JSON API, an invitation through its form. It prints what each took (p50, p99 and
their ratio, in milliseconds; the first ten seconds are not timed) and how it was answered.
A 5xx or a broken connection fails, and a page whose p99 is five times its p50. Refusals (409, 422,
429) are answers: an owner cannot register twice, or for what is full.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter, defaultdict
from email.message import Message
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.chaos_clients import Wish  # noqa: E402
from bench.chaos_clients import ask as knock  # noqa: E402
from tests import services  # noqa: E402
from tests.screens import Forms  # noqa: E402

OWNERS, HANGS, SERVER_ERROR = 48, 60, 500
WARM_SECONDS, MOST_RATIO = 10, 5.0
PAGES = {
    "home": "/p/binjiang/",
    "points": "/me/points",
    "activities": "/p/binjiang/events/",
    "complaints": "/p/binjiang/complaints/",
    "referrals": "/p/binjiang/referrals/",
    "surveys": "/p/binjiang/surveys/",
    "rewards": "/p/binjiang/rewards/",
}
API = "/api/v1/p/binjiang"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Seen:
    """What all clients saw, from any thread."""

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.took: dict[str, list[float]] = defaultdict(list)
        self.answers: Counter[tuple[str, str]] = Counter()
        self.wrong: list[str] = []
        self.lock = threading.Lock()

    def note(self, act: str, status: int, seconds: float, told: str) -> None:
        """Take one answer; 0 is a connection that broke."""
        with self.lock:
            if time.monotonic() - self.begun > WARM_SECONDS:
                self.took[act].append(seconds * 1000)
            self.answers[act, f"{status} {reason(told)}".strip()] += 1
            if status == 0 or status >= SERVER_ERROR:
                self.wrong.append(f"{act}: {status} {told[:200]}")


def reason(told: str) -> str:
    """Return the short name of a refusal of the API: NOT_ENOUGH_SEATS."""
    if not told.startswith("{"):
        return ""
    return str(json.loads(told).get("type", "")).rpartition(":")[2]


class Owner:
    """A person with a phone: cookies for pages, a token for the JSON API."""

    def __init__(self, base: str, given: dict[str, str], seen: Seen) -> None:
        self.base, self.seen = base, seen
        self.given = given
        self.open = urllib.request.build_opener(_Stay).open

    def send(self, act: str, path: str, body: bytes | None = None, **headers: str) -> str:
        """Send one request, and note what it took."""
        begun, status, told = time.perf_counter(), 0, ""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            asked = urllib.request.Request(self.base + path, body, headers)  # noqa: S310
            with self.open(asked, timeout=HANGS) as answer:
                status, told = answer.status, answer.read().decode()
                self._keep(answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                status, told = error.code, error.read().decode("utf-8", "replace")
        except OSError as error:
            told = repr(error)
        self.seen.note(act, status, time.perf_counter() - begun, told)
        return told

    def page(self, act: str, path: str, form: dict[str, str] | None = None) -> str:
        """Read a page, or send its form."""
        body = None if form is None else urllib.parse.urlencode(form).encode()
        cookie = f"portal={self.given['cookie']}"
        return self.send(act, path, body, Cookie=cookie, Accept_Language="zh-CN")

    def _keep(self, headers: Message) -> None:
        for each in headers.get_all("Set-Cookie", ()):
            name, _, value = each.partition(";")[0].partition("=")
            if name == "portal":
                self.given["cookie"] = value

    def call(self, act: str, path: str, body: object = None) -> Any:
        """Call the JSON API."""
        data = None if body is None else json.dumps(body).encode()
        told = self.send(
            act, API + path, data,
            Authorization=f"Bearer {self.given['token']}", Content_Type="application/json",
        )  # fmt: skip
        try:
            return json.loads(told)
        except ValueError:
            return {}


def join_activity(owner: Owner, chance: random.Random) -> None:
    """Register for one of the activities, and mostly think better of it."""
    listed = owner.call("activities (JSON)", "/events/").get("items", ())
    if not listed:
        return
    shown = owner.call("activity (JSON)", f"/events/{chance.choice(listed)['id']}")
    party = [each["key"] for each in shown.get("household", ()) if not each["refusal"]][:1]
    wishes = [{"quota": each["key"]} for each in shown.get("quotas", ())][:1]
    wish = {"terms": shown.get("terms", ""), "party": party, "wishes": wishes}
    made = owner.call("register", f"/events/{shown.get('id')}/register", wish)
    if "id" in made and chance.random() < 0.8:
        owner.call("cancel", f"/events/tickets/{made['id']}/cancel", {})


def complain(owner: Owner, chance: random.Random) -> None:
    """Hand a complaint in."""
    offered = owner.call("complaint's choices", "/complaints/options")
    if not offered.get("homes"):
        return
    wish = {
        "category": chance.choice(offered["categories"])["key"],
        "home": offered["homes"][0]["key"],
        "title": f"电梯有异响 {chance.randrange(10**9)}",
        "body": "这几天早上电梯一直有异响，麻烦来看一下。",
        "ring": "private",
    }
    owner.call("complain", "/complaints/", wish)


def invite(owner: Owner, chance: random.Random) -> None:
    """Invite a friend by number."""
    page = owner.page("invite's form", "/p/binjiang/referrals/invite")
    for address, form in Forms(page, "/p/binjiang/referrals/invite").found:
        if "phone" in form:
            form["phone"] = f"13{chance.randrange(10**9):09d}"
            owner.page("invite", address, form)


def choice_of(question: dict[str, Any]) -> Any:
    """Return an answer to a question; None for what takes words, days or photos."""
    options = [each["key"] for each in question.get("options", ())]
    if question["type"] == "matrix":
        return {each["key"]: 4 for each in question["rows"]}
    kinds = {"single": options[:1], "multiple": options[:1], "ranking": options}
    if question["type"] in kinds:
        found = kinds[question["type"]]
        return found[0] if question["type"] == "single" else found
    return {"rating": 4, "nps": 9, "number": 3}.get(question["type"])


def answer(owner: Owner, chance: random.Random) -> None:
    """Answer what is asked: the first option of each, the middle of each scale."""
    for each in owner.call("surveys (JSON)", "/surveys/").get("items", ()):
        if each["refusal"]:
            continue
        shown = owner.call("survey (JSON)", f"/surveys/{each['id']}")
        blocks = shown.get("instrument", {}).get("blocks", ())
        given = {q["key"]: choice_of(q) for block in blocks for q in block["questions"]}
        given = {key: choice for key, choice in given.items() if choice is not None}
        owner.call("answer", f"/surveys/{each['id']}/answer", {"answers": given})


def redeem(owner: Owner, chance: random.Random) -> None:
    """Set something aside, and give it back."""
    listed = owner.call("rewards (JSON)", "/rewards/").get("items", ())
    if not listed:
        return
    item = owner.call("reward (JSON)", f"/rewards/{chance.choice(listed)['id']}")
    wish = {"quantity": 1, "price": item.get("price", 0)}
    made = owner.call("redeem", f"/rewards/{item.get('id')}/redeem", wish)
    if "id" in made:
        owner.call("give back", f"/rewards/orders/{made['id']}/cancel", {})


def live(owner: Owner, chance: random.Random) -> None:
    """Open the portal, look around, and do one thing."""
    owner.page("home", PAGES["home"])
    for name in chance.sample(sorted(PAGES.keys() - {"home"}), 2):
        owner.page(name, PAGES[name])
    chance.choice((join_activity, join_activity, complain, invite, answer, redeem))(owner, chance)


def prepare() -> None:
    """Give owners of the demo a password's session and a token; print both of each."""
    import sqlalchemy as sa

    from portal import create_app
    from portal.accounts.models import Account, SignInMethod
    from portal.extensions import db
    from portal.members.models import Member
    from portal.projects.models import Ownership, Project, Unit
    from portal.tokens.service import open_sign_in
    from tests.factories import sign_in

    app = create_app()
    with app.app_context():
        owners = db.session.scalars(
            sa.select(Account)
            .join(Member, Member.account_id == Account.id)
            .join(Ownership, Ownership.member_id == Member.id)
            .join(Unit, Unit.id == Ownership.unit_id)
            .join(Project, Project.id == Unit.project_id)
            .where(Project.slug == "binjiang", Ownership.until.is_(None))
            .distinct()
            .order_by(Account.id)
            .limit(OWNERS)
        ).all()
        made = []
        for account in owners:
            client = app.test_client()
            sign_in(client, account)
            cookie = client.get_cookie("portal")
            assert cookie is not None
            how = {"method": SignInMethod.PASSWORD, "second_factor": True, "name": "Mix"}
            token = open_sign_in(account=account, network="127.0.0.0/24", **how)[1]
            made.append({"cookie": cookie.value, "token": token})
        db.session.commit()
    sys.stdout.write(json.dumps(made))


def visit(base: str, people: list[dict[str, str]], *, clients: int, seconds: float) -> Seen:
    """Let so many clients live for so long, each as one owner after the other."""
    seen, until = Seen(), time.monotonic() + seconds

    def client(number: int) -> None:
        chance = random.Random(number)
        while time.monotonic() < until:
            # No two clients are one person at a time.
            mine = people[number::clients]
            live(Owner(base, chance.choice(mine), seen), chance)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def run(given: argparse.Namespace) -> int:
    """Start everything, let them live, print what was seen; return the exit status."""
    with services.postgresql() as url, tempfile.TemporaryDirectory() as home:
        port = services._free_port()
        env = {
            **os.environ, "PORTAL_HOME": home, "PORTAL_DATABASE_URL": url, "PORTAL_DEMO": "1",
            "PORTAL_LOG_LEVEL": "ERROR", "PORTAL_PROXIES": "0",
            "WEB_CONCURRENCY": str(given.workers), "BIND": f"127.0.0.1:{port}",
        }  # fmt: skip
        portal = [sys.executable, "-m", "portal"]
        for words in (["db", "upgrade"], ["demo", "load", "--members", str(given.members)]):
            subprocess.run([*portal, *words], env=env, cwd=ROOT, check=True, stdout=2)
        told = subprocess.run(
            [sys.executable, __file__, "--prepare"],
            env=env, cwd=ROOT, check=True, stdout=subprocess.PIPE,
        )  # fmt: skip
        people = json.loads(told.stdout)
        web = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "wsgi:app"]
        running = [
            subprocess.Popen(words, env=env, cwd=ROOT) for words in (web, [*portal, "jobs", "run"])
        ]
        try:
            base = f"http://127.0.0.1:{port}"
            end = time.monotonic() + 60
            while not knock(Wish("", "", "/healthz", "", b""), base)[0]:
                assert time.monotonic() < end, "gunicorn does not answer"
                time.sleep(0.2)
            seen = visit(base, people, clients=given.clients, seconds=given.seconds)
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(120)
        verified = subprocess.run([*portal, "points", "verify"], env=env, cwd=ROOT, check=False)
    return tell(seen, given, verified.returncode)


def tell(seen: Seen, given: argparse.Namespace, unsound: int) -> int:
    """Print the table; return 1 when something broke."""
    total = sum(seen.answers.values())
    lines = [
        f"{given.clients} clients, {given.workers} workers, {given.seconds:.0f} s, PostgreSQL: "
        f"{total:,} answers, {total / given.seconds:.0f} a second",
        f"{'':22}{'answers':>8}{'p50 ms':>9}{'p99 ms':>9}{'p99/p50':>9}  statuses",
    ]
    ratios = {}
    for act, took in sorted(seen.took.items()):
        middle = statistics.median(took)
        slow = sorted(took)[min(int(len(took) * 0.99), len(took) - 1)]
        if act in PAGES:
            ratios[act] = slow / middle
        statuses = ", ".join(
            f"{status} x {count:,}"
            for (name, status), count in sorted(seen.answers.items())
            if name == act
        )
        lines.append(
            f"{act:22}{len(took):>8,}{middle:>9.0f}{slow:>9.0f}{slow / middle:>9.1f}  {statuses}"
        )
    slowest = max(ratios, key=lambda name: ratios[name])
    steady = ratios[slowest] < MOST_RATIO
    lines.append(
        f"p99 of pages: at most {ratios[slowest]:.1f} x p50 ({slowest}), below {MOST_RATIO:.0f}"
        f"  {'PASS' if steady else 'FAIL'}"
    )
    lines.append(
        f"5xx or broken: {len(seen.wrong)}; the ledger {'FAILS' if unsound else 'holds'}"
        f"  {'FAIL' if seen.wrong or unsound else 'PASS'}"
    )
    sys.stdout.write("\n".join([*lines, *sorted(set(seen.wrong))[:10]]) + "\n")
    return 0 if steady and total and not seen.wrong and not unsound else 1


def main() -> None:
    """Read the options, and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--members", type=int, default=2000, help="of the demo club")
    parser.add_argument("--prepare", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.prepare:
        prepare()
    else:
        sys.exit(run(given))


if __name__ == "__main__":
    main()
