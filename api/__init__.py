"""The thin HTTP API over the services."""
