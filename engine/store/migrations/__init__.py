"""The history of the schema, run by alembic (engine/store/migrate.py)."""
