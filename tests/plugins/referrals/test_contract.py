"""The contract that every plugin keeps."""

from portal.sdk.testing import plugin_contract
from tests.plugins.referrals.samples import add_sample

TestContract = plugin_contract(
    "referrals",
    sample=add_sample,
    keeps={"referrals_referrer": "what was paid to whom is booked, under a closed code"},
)
