"""A club's rules in one file: currencies, tiers with benefits, and what earns points."""
