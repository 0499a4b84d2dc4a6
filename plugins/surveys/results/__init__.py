"""The results of a wave for the staff."""
