"""What a household says to its complaint being joined into another."""
