"""Around an activity: reminders before it, thanks, a survey and photos after it."""
