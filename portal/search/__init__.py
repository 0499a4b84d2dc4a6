"""Full-text search: one document for everything that can be found, the audience in the query."""
