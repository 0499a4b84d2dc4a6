"""What an operator does at the terminal: run, look after accounts, examine the installation."""
