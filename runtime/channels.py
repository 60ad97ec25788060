"""Channels for messages that somebody else wrote: installed packages with an entry point `milepost.channels`."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from runtime.settings import PREFIX, BadSetting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.ports import Notifier

GROUP = "milepost.channels"


def plugged_in(names: Sequence[str], settings: Mapping[str, Mapping[str, str]]) -> list[Notifier]:
    """The channels of these names, each made with its own settings. Raises BadSetting."""
    installed = {point.name: point for point in entry_points(group=GROUP)} if names else {}
    channels = []
    for name in names:
        if name not in installed:
            there = ", ".join(sorted(installed)) or "none"
            raise BadSetting(f"{PREFIX}CHANNELS: no channel '{name}' is installed; there are: {there}")
        try:
            channels.append(installed[name].load()(settings.get(name, {})))
        except Exception as error:  # what it may raise is its own affair; what is wrong is for whoever sets it up
            raise BadSetting(f"the channel '{name}' cannot be used: {type(error).__name__}: {error}") from error
    return channels
