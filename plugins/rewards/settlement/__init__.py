"""Settlement: what partners, the property company and the club itself had of a month."""
