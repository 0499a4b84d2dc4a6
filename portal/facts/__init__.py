"""Facts: what happened to members, kept for ever, for rules and tiers to read."""
