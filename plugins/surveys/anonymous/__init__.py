"""Anonymous waves: ballots are shuffled in batches, and only then are points paid."""
