"""What points are for: a catalogue, orders with stock and points in one hold, a desk."""
