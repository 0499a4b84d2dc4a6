"""Single answers of a sealed wave, as files."""
