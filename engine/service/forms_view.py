"""Forms as their readers see them: titles, types, options, bounds; reading what is sent is left to the core."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from engine.core.forms import REASONS
from engine.service.pinned import Pinned
from engine.service.view_parts import FormField

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.core.definition import FormItem, Workflow
    from engine.core.naming import Field


def form_fields(
    items: Sequence[FormItem], workflow: Workflow, *, locale: str = "", panel: str | None = None
) -> tuple[FormField, ...]:
    """A form for people and programs; `panel` is the state of a panel, whose form names columns of its list."""
    return _form(Pinned(items), Pinned(workflow), locale, panel)


@lru_cache(maxsize=2048)
def _form(
    items: Pinned[Sequence[FormItem]], workflow: Pinned[Workflow], locale: str, panel: str | None
) -> tuple[FormField, ...]:
    asked = workflow.it.states[panel].panel if panel is not None else None
    columns = workflow.it.fields[asked.into].columns if asked is not None else {}
    return tuple(_entry(item, workflow.it, locale, columns) for item in items.it)


def _entry(item: FormItem, workflow: Workflow, locale: str, columns: Mapping[str, Field]) -> FormField:
    if item.mode == "group":
        title = workflow.groups.get(item.path)
        members = tuple(
            _field(field, locale, mode="field", must=item.must and field.required)
            for path, field in workflow.fields.items()
            if path.startswith(f"{item.path}.")
        )
        words = title.say(locale) if title else _words(item.path)
        return FormField(item.path, "group", item.must, words, "group", fields=members)
    if item.path in columns:
        return _field(columns[item.path], locale, mode=item.mode, must=item.must, event_data=True)
    if item.event_data:
        field = workflow.event_fields.get(item.path, REASONS)
        return _field(field, locale, mode=item.mode, must=item.must, event_data=True)
    return _field(workflow.fields[item.path], locale, mode=item.mode, must=item.must, column=item.column)


def _field(
    field: Field, locale: str, *, mode: str, must: bool, column: str | None = None, event_data: bool = False
) -> FormField:
    return FormField(
        path=field.path,
        mode=mode,
        must=must,
        title=field.title.say(locale) if field.title else _words(field.path),
        type=str(field.type),
        column=column,
        event_data=event_data,
        options={name: text.say(locale) for name, text in field.options.items()}
        or {name: _words(name) for name in field.type.options},
        unit=field.unit,
        min=field.min,
        max=field.max,
        fields=tuple(_field(inner, locale, mode="field", must=inner.required) for inner in _shown(field, column)),
    )


def _shown(field: Field, column: str | None) -> Sequence[Field]:
    keep = {field.key, column} if column else None
    return [inner for name, inner in field.columns.items() if keep is None or name in keep]


def _words(path: str) -> str:
    """`product.intended_use` without a title reads `Intended use`."""
    return path.rpartition(".")[2].replace("_", " ").capitalize()
