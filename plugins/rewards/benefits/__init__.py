"""Benefits of tiers: how many of each a member has in a period, and their use at the desk."""
