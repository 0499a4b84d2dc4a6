"""A list of those whom a wave asks, and nobody else: taken from a file or pasted."""
