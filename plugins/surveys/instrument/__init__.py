"""What a survey asks, as one document; pure: no database, no request, no clock."""
