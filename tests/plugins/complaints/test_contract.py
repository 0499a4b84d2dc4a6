"""The contract that every plugin keeps."""

from portal.sdk.testing import plugin_contract
from tests.plugins.complaints.samples import add_sample

_FIGURES = "what was handled and how long it took stays, without words"
TestContract = plugin_contract(
    "complaints",
    sample=add_sample,
    keeps={
        f"complaints_{table}": _FIGURES for table in ("act", "case", "me_too", "post", "report")
    },
)
