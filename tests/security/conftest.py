"""What the tests of attacks share with those of signing in."""

from tests.accounts.conftest import (  # noqa: F401
    browser,
    client,
    last_code,
    mail,
    real_settings,
    sms,
    time,
)
