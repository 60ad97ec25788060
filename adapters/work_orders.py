"""A folder in the place of another system: each call becomes a JSON work order that people carry out; the answer is empty."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from adapters.files import file_stem, write_durably
from adapters.plain_json import plain_json
from engine.errors import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class WorkOrders:
    """Caller that files its calls under `<folder>/<name>/`; the same key replaces its own file."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder / file_stem(name)

    def call(self, operation: str, values: Mapping[str, Any], *, key: str) -> Mapping[str, Any]:
        """The order is on the disk when this returns {}."""
        order = {"adapter": self.name, "operation": operation, "key": key, "with": plain_json(values)}
        content = json.dumps(order, ensure_ascii=False, indent=2, sort_keys=True).encode()
        try:
            write_durably(self._folder / f"{file_stem(f'{operation}-{key}')}.json", content + b"\n")
        except OSError as error:
            raise DeliveryFailed(
                f"the work orders' folder cannot be written: {error.strerror}", retry_after=60
            ) from error
        return {}
