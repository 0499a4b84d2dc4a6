"""Credits towards the property fee: asked for with points, answered by the property company."""
