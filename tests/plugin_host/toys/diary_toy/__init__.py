"""A plugin that notes what it is told."""
