"""Following complaints: messages about one, and a feed of all that neighbours may read."""
