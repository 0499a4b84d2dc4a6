"""The contract that every plugin keeps."""

from portal.sdk.testing import plugin_contract
from tests.plugins.surveys.samples import add_sample

TestContract = plugin_contract(
    "surveys",
    sample=add_sample,
    keeps={"surveys_participation": "figures rest on the numbers, which stay without words"},
)
