"""Rows for tests: those of the plugin developer's kit, which the portal's own tests use, too."""

from portal.sdk.testing.factories import *  # noqa: F403 - the same names, for every test here
