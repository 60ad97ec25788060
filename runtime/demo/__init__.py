"""The demo: a year of one region's list, told through the HTTP API."""
