"""Care cadence: what a tier promises, as tasks for the staff, with budget and proof."""
