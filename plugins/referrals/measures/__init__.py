"""How much a line of the rules gives, for which leads, and how it is said."""
