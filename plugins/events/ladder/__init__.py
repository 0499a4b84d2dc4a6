"""Who does not come: marks by a versioned policy, what they mean for registering, appeals."""
