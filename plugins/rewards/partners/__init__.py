"""Partners: shops that give members something when they show their card."""
