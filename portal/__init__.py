"""An owners' club portal: members, homes, tiers and points, with everything else as a plugin."""

from portal.app import create_app

__all__ = ["create_app"]
__version__ = "0.1.0"
