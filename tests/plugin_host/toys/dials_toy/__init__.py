"""A plugin with a setting of every kind."""
