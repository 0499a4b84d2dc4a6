"""You said, we did: what a project does about a survey."""
