"""Membership tiers: schemes as versioned data, who holds which tier and why."""
