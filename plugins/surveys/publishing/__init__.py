"""From sealed answers to published figures, and what an auditor needs to recompute them."""
