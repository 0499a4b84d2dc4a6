"""Points: a double-entry ledger in lots, and balances that are always right."""
