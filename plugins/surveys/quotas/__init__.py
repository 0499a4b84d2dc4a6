"""How many answers of a group are taken at most."""
