"""A club to try everything with: fictional people in three projects, dated from today."""
