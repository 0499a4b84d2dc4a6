"""The statistics of surveys; pure: from counts to figures, no database, no request, no clock."""
