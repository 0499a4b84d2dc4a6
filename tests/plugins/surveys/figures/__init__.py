"""The statistics of surveys."""
