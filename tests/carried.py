"""Messages that tests read: those of the plugin developer's kit."""

from portal.sdk.testing.carried import AFTER_REQUEST, Carried, deliver

__all__ = ["AFTER_REQUEST", "Carried", "deliver"]
