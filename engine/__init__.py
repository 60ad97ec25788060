"""The case workflow engine: a pure core, the store around it, and the use cases on top."""
