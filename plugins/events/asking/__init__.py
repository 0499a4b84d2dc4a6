"""What an activity asks of a party beside its seats: questions, guests, the club's approval."""
