"""Earning rules: which facts give which points, as versioned data."""
