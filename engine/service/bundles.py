"""A workflow file with what it is published with (templates, calendars), and reading them from a folder; no checks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.core.acts import Notify
from engine.core.machine.chart import arms_of
from engine.core.values import canonical
from engine.errors import MilepostError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from engine.core.acts import Action
    from engine.core.definition import State, Workflow

MAX_FILE = 1024 * 1024
ENGINE_TEMPLATES = frozenset({"reminder", "escalation", "deadline_moved"})
_ENDINGS = {".txt", ".typ"}


class UnreadableFile(MilepostError):
    """A file of a bundle cannot be read as text."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """`templates`: file name (`reminder.en.txt`, `certificate.typ`) → text; `calendars`: name → YAML text."""

    source: str
    file: str
    templates: Mapping[str, str] = field(default_factory=dict)
    calendars: Mapping[str, str] = field(default_factory=dict)


def read_folder(path: Path) -> tuple[Bundle, ...]:
    """All workflows of a folder (`*.yaml`, not `*.test.yaml`), or the one file, with the folder's templates, calendars."""
    folder = path if path.is_dir() else path.parent
    files = sorted(folder.glob("*.yaml")) if path.is_dir() else [path]
    templates = {file.name: _text(file) for file in _files(folder / "templates") if file.suffix in _ENDINGS}
    calendars = read_calendars(path)
    return tuple(
        Bundle(_text(file), file.name, templates, calendars) for file in files if not file.name.endswith(".test.yaml")
    )


def read_calendars(path: Path) -> dict[str, str]:
    """The calendars that go with a file or a folder of workflows, by name; of a file among calendars: that one."""
    if path.is_file() and path.parent.name == "calendars":
        return {path.stem: _text(path)}
    folder = path if path.is_dir() else path.parent
    return {file.stem: _text(file) for file in _files(folder / "calendars") if file.suffix == ".yaml"}


def used_templates(workflow: Workflow, templates: Mapping[str, str]) -> dict[str, str]:
    """The sources that this workflow can come to use."""
    names = set(ENGINE_TEMPLATES)
    if workflow.certificate is not None:
        names.add(workflow.certificate.template)
    for state in workflow.states.values():
        names.update(action.template for action in _actions(state) if isinstance(action, Notify))
        names.update(deadline.remind.template for deadline in state.deadlines.values() if deadline.remind)
    names.update(action.template for action in workflow.opening.actions if isinstance(action, Notify))
    return {name: text for name, text in sorted(templates.items()) if name.partition(".")[0] in names}


def digest(source: str, templates: Mapping[str, str]) -> str:
    """SHA-256 over a source and the templates it uses; equal digests mean the same version."""
    return hashlib.sha256(canonical({"source": source, "templates": dict(templates)}).encode()).hexdigest()


def _actions(state: State) -> Iterable[Action]:
    return (*state.enter, *state.leave, *(action for arm in arms_of(state) for action in arm.actions))


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.is_file()) if folder.is_dir() else []


def _text(file: Path) -> str:
    try:
        raw = file.read_bytes()
        if len(raw) > MAX_FILE:
            raise UnreadableFile(f"{file.name} has {len(raw)} bytes; at most {MAX_FILE}")
        return raw.decode("utf-8")
    except OSError as error:
        raise UnreadableFile(
            f"{file.name} cannot be read ({error.strerror}); give a workflow file or folder"
        ) from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{file.name} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
