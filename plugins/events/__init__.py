"""Club activities: announced by staff, joined by owners, with seats, points and tickets."""
