"""The member card: its rotating code, and what is told to whoever it is shown to."""
