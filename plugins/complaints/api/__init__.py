"""Complaints for programs: what owners and staff do on the pages, by the same rules."""
