"""YAML text to a Workflow, or diagnostics with line and column."""
