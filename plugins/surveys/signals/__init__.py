"""Signs of pressure, for the staff: how many, where and when, small groups hidden."""
