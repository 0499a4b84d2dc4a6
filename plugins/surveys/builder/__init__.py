"""Writing the questions."""
