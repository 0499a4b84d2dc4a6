"""A draft of the rules tried on the leads of the last year."""
