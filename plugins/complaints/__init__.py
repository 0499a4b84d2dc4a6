"""The owners' complaint forum."""
