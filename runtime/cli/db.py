"""`milepost db`: the database's schema."""

from __future__ import annotations

from rich.text import Text

from runtime.cli.choices import FINE
from runtime.cli.printing import out
from runtime.cli.settings import services_now, settings_now


def upgrade() -> int:
    """All revisions that are missing; nodes of a newer program start after it."""
    from engine.store.store import upgrade as bring_up

    settings = settings_now()
    bring_up(settings.database_url)
    with services_now(settings):
        out().print(Text("the database has the schema of this program", style="green"))
    return FINE
