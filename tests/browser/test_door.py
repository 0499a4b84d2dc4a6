"""The door on a phone that loses its network: it opens, scans, comes back, tells conflicts."""

import io
import secrets
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
import segno
from playwright.sync_api import expect

from tests.browser.conftest import faults_of, overflow_of, sign_in

PIN = "274951"
CAMERA = """() => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [400, 400];
  const pen = canvas.getContext("2d"), image = new Image();
  window.hold = (url) => { image.src = url; };
  setInterval(() => {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, 400, 400);
    if (image.complete && image.naturalWidth) pen.drawImage(image, 20, 20, 360, 360);
  }, 50);
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(20);
}"""


def copy(base, table, where, **changed):
    """Copy a row with some columns changed; return the new row's id."""
    base.row_factory = sqlite3.Row
    select = f"SELECT * FROM {table} WHERE {where} LIMIT 1"  # noqa: S608 (our own words)
    row = dict(base.execute(select).fetchone())
    row |= {"public_id": secrets.token_urlsafe(16), **changed}
    del row["id"]
    names, places = ", ".join(row), ", ".join("?" * len(row))
    insert = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 (our own words)
    return base.execute(insert, list(row.values())).lastrowid


@pytest.fixture
def evening(server):
    """An activity that begins in an hour, with three parties of one: its public id, the tickets."""
    now = datetime.now(UTC).replace(tzinfo=None)
    at = [f"{now + timedelta(hours=hours):%Y-%m-%d %H:%M:%S.%f}" for hours in range(-2, 4)]
    with sqlite3.connect(server.home / "portal.sqlite3", timeout=60) as base:
        like = base.execute(
            "SELECT s.occurrence_id, s.registration_id, s.id FROM events_seat s "
            "JOIN events_occurrence o ON o.id = s.occurrence_id "
            "JOIN project p ON p.id = o.project_id "
            "WHERE o.state = 'open' AND s.state = 'confirmed' AND p.slug = 'binjiang' "
            "AND o.price = 0 AND o.deposit = 0 LIMIT 1"
        ).fetchone()
        assert like is not None
        activity = copy(
            base, "events_occurrence", f"id = {like[0]}", opens_at=at[0], cancel_until=at[1],
            closes_at=at[2], starts_at=at[3], ends_at=at[5],
        )  # fmt: skip
        copy(
            base, "events_quota", f"occurrence_id = {like[0]} AND key = 'total'",
            occurrence_id=activity, capacity=9, confirmed=3, held=0, forced=0,
        )  # fmt: skip
        tickets = []
        members = base.execute("SELECT id FROM member ORDER BY id LIMIT 3").fetchall()
        for number, (member,) in enumerate(members):
            tickets.append("".join(secrets.choice("23456789ABCDEFGH") for _ in range(12)))
            party = copy(
                base, "events_registration", f"id = {like[1]}", occurrence_id=activity,
                member_id=member, ticket=tickets[-1], seats=1,
            )  # fmt: skip
            copy(
                base, "events_seat", f"id = {like[2]}", occurrence_id=activity,
                registration_id=party, member_id=member, name=f"来宾{number}",
            )  # fmt: skip
        made = "SELECT public_id FROM events_occurrence WHERE id = ?"
        return base.execute(made, [activity]).fetchone()[0], tickets


def picture(ticket, kind="png"):
    """Return a ticket's code as the ticket page shows it."""
    code = segno.make(f"https://club.example/p/binjiang/staff/events/door?code={ticket}")
    if kind == "url":
        return code.svg_data_uri(scale=6, border=2, light="#fff")
    file = io.BytesIO()
    code.save(file, kind="png", scale=6, border=2)
    return {"name": "ticket.png", "mimeType": "image/png", "buffer": file.getvalue()}


def test_a_phone_goes_offline_scans_comes_back_and_settles(open_browser, server, evening):
    activity, (first, second, third) = evening
    page = open_browser("phone", "zh-CN")
    page.add_init_script(f"({CAMERA})()")
    sign_in(page, "staff@demo.test")
    desk = f"/p/binjiang/staff/events/{activity}/door"
    page.goto(f"{desk}/phones")
    page.locator("input[name=pin]").fill(PIN)
    page.locator("form:has(input[name=pin]) button").click()
    page.get_by_role("link", name="打开手机入场页").click()
    root = page.locator("[data-phone]")
    expect(root).to_have_attribute("data-kept", "kept")
    page.fill("#pin", PIN)
    page.get_by_role("button", name="下载名单").click()
    expect(page.locator("[data-count]")).to_have_text("0 / 3")
    assert faults_of(page) == []
    # What lies on the phone is not readable.
    assert "来宾" not in page.evaluate(
        "async () => { const kept = await DoorStore.load(document.querySelector('[data-phone]')"
        ".dataset.phone); return new TextDecoder().decode(kept.list.data); }"
    )

    page.context.set_offline(True)
    assert page.evaluate("fetch('/healthz').then(() => 'reached', () => 'offline')") == "offline"
    page.goto(page.url)
    expect(page.locator("[data-net]")).to_contain_text("离线")
    page.fill("#pin", "000001")
    page.get_by_role("button", name="打开名单").click()
    said = page.locator("[data-said]")
    expect(said).to_have_text("PIN 码不对。")
    page.fill("#pin", PIN)
    page.get_by_role("button", name="打开名单").click()
    # The camera goes on by itself: a foreign code, then a ticket, then another one.
    page.locator("[data-scan]").click()
    page.evaluate("url => hold(url)", picture("ABC", "url"))
    expect(said).to_have_text("没有这张票。")
    for number, ticket in enumerate((first, second)):
        page.evaluate("url => hold(url)", picture(ticket, "url"))
        expect(page.locator("[data-parties]")).to_contain_text(f"来宾{number}")
        page.locator("[data-parties] .btn-primary").click()
        expect(page.locator("[data-count]")).to_have_text(f"{number + 1} / 3")
    page.evaluate("url => hold(url)", picture(first, "url"))
    expect(said).to_have_text("这张票已全部入场。")
    page.set_input_files("[data-picture]", picture(third))
    expect(page.locator("[data-parties]")).to_contain_text("来宾2")
    expect(page.locator("[data-queue]")).to_contain_text("2")
    assert overflow_of(page) <= 0

    # The second party cancels meanwhile.
    with sqlite3.connect(server.home / "portal.sqlite3", timeout=60) as base:
        base.execute(
            "UPDATE events_registration SET state = 'cancelled_late' WHERE ticket = ?", [second]
        )
    page.context.set_offline(False)
    expect(page.locator("[data-queue]")).to_have_text("已全部上传。")
    expect(page.locator("[data-conflicts]")).to_contain_text("来宾1")
    expect(page.locator("[data-conflicts]")).to_contain_text("已取消")
    page.goto(f"{desk}/phones")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("来宾1")
    page.goto(f"{desk}?q={first}")
    expect(page.locator("main")).to_contain_text("已全部入场")
