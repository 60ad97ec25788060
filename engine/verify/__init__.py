"""What can be proved about a definition before it runs."""
