"""The contract that every plugin keeps."""

from portal.sdk.testing import plugin_contract
from tests.plugins.rewards.samples import add_sample

_HANDED_OUT = "what was handed out and captured stays true, without a word of the member's"
_DONE = "that so much was done and spent stays true, without home, words and proofs"
TestContract = plugin_contract(
    "rewards",
    sample=add_sample,
    keeps={
        "rewards_care_task": _DONE,
        "rewards_order": _HANDED_OUT,
        "rewards_voucher": _HANDED_OUT,
    },
)
