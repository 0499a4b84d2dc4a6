"""The sample in docs/api.md does what it says."""

import re
import runpy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal.outbox.service import emit
from portal.webhooks.signing import new_secret, signed_headers
from tests.webhooks.receiver import Receiver

DOCS = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture
def is_genuine(tmp_path: Path) -> Callable[..., bool]:
    """The function that the page shows."""
    section = DOCS.read_text("utf-8").partition("## Webhooks")[2]
    file = tmp_path / "sample.py"
    file.write_text(re.search(r"```python\n(.*?)```", section, re.DOTALL)[1])
    checked: Callable[..., bool] = runpy.run_path(str(file))["is_genuine"]
    return checked


def test_it_takes_what_is_genuine_and_nothing_else(is_genuine: Callable[..., bool]) -> None:
    secret, body, now = new_secret(), b'{"n":1}', int(time.time())
    headers = signed_headers("m1", now, body, [new_secret(), secret])
    assert is_genuine(headers, body, secret)
    assert not is_genuine(headers, body + b" ", secret)
    assert not is_genuine(headers, body, new_secret())
    assert not is_genuine({**headers, "Webhook-Id": "m2"}, body, secret)
    assert not is_genuine({**headers, "Webhook-Timestamp": str(now - 1)}, body, secret)
    old = signed_headers("m1", now - 301, body, [secret])
    assert not is_genuine(old, body, secret)


def test_it_takes_what_the_portal_sends(
    is_genuine: Callable[..., bool],
    make_webhook: Any,
    deliver: Callable[[], list[Any]],
    receiver: Receiver,
) -> None:
    _, secret = make_webhook()
    emit(kind="member.joined", project_id=None, subject=("member", "m1"))
    deliver()
    [got] = receiver.got
    headers = {name.title(): value for name, value in got.headers.items()}
    assert is_genuine(headers, got.body, secret)


def test_the_standards_own_example() -> None:
    """The values are those of the Standard Webhooks libraries' tests."""
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers["Webhook-Signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
