"""The contract that every plugin keeps."""

from portal.sdk.testing import plugin_contract
from tests.plugins.events.samples import add_sample

_SEATS = "the count of seats and who came stay true, without names"
TestContract = plugin_contract(
    "events",
    sample=add_sample,
    keeps={
        "events_registration": _SEATS,
        "events_seat": _SEATS,
        "events_ladder_penalty": "a mark counts until it ends, and has no name",
    },
)
