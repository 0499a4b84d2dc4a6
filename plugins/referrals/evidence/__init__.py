"""Pictures as evidence of a dispute."""
