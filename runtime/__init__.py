"""Settings, composition root, scheduler and command line; the only reader of a clock."""
