"""Rules with a past date, by two persons."""
