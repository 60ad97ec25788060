"""Message templates: a small, closed part of Jinja2 over sources that the workflow version keeps; nobody else knows Jinja2.

A letter is text with values, conditions, and loops two deep. What could make it endless, huge or curious (calls, macros,
imports, assignments, concatenation, most filters) is refused, so a letter's cost is bounded by its values.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NoReturn
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined, UndefinedError, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import pass_context

from adapters.plurals import FORMS, missing_forms, plural
from adapters.template_headers import BadHead, read_head
from adapters.template_names import names
from engine.core.calendars.in_words import day_in_words, due_in_words, moment_in_words
from engine.core.plain import one_line, plain
from engine.errors import DeliveryFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2.runtime import Context

MAX_OUTPUT = 100_000
MAX_SOURCE = 100_000
MAX_SUBJECT = 250
MAX_LOOP_DEPTH = 2

_NODES = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
    nodes.Getattr,
    nodes.Getitem,
    nodes.If,
    nodes.For,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Add,
    nodes.Sub,
    nodes.Filter,
    nodes.Test,
    nodes.Keyword,
)
_FILTERS = (
    "default",
    "first",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "rejectattr",
    "round",
    "selectattr",
    "trim",
    "upper",
)
_TESTS = ("defined", "undefined", "none", "number", "string", "eq", "ne", "lt", "le", "gt", "ge", "in", "true", "false")


class _Missing(StrictUndefined):
    """A value that is not there: may be asked about (`is defined`, `is given`) at any depth, but never printed."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        return f"'{self._undefined_name}'"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Missing(name=f"{self._undefined_name}.{name}")

    def __getitem__(self, name: Any) -> Any:
        return _Missing(name=f"{self._undefined_name}.{name}")


class _Environment(SandboxedEnvironment):
    """The sandbox: members of maps are their entries only, and there is nothing to call."""

    intercepted_binops = frozenset({"+", "-"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):
            return obj[attribute] if attribute in obj else _Missing(name=attribute)
        if isinstance(obj, LoopContext | date):
            return super().getattr(obj, attribute)
        return obj[attribute] if isinstance(obj, Undefined) else _Missing(name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, list | tuple) and isinstance(argument, int):
            return super().getitem(obj, argument)
        return self.getattr(obj, str(argument))

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ARG002
        return False

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if isinstance(left, int) and isinstance(right, int):
            return super().call_binop(context, operator, left, right)
        raise TemplateError(f"'{operator}' is for whole numbers only; write texts one after the other")


class MessageTemplates:
    """Templates by name and locale, from sources named `<name>.<locale>.txt`; other sources are left alone.

    `zone` says where days begin and end, unless the values say so themselves (`case.timezone`).
    """

    def __init__(self, sources: Mapping[str, str], *, zone: str = "UTC") -> None:
        self._sources: dict[str, dict[str, str]] = {}
        for key, source in sources.items():
            name, _, rest = key.partition(".")
            locale, _, ending = rest.partition(".")
            if ending == "txt":
                self._sources.setdefault(name, {})[locale] = source
        self._zone = zone
        self._environment = _environment()
        self._ready: dict[tuple[str, str], _Letter] = {}

    def check(self, name: str) -> list[str]:
        """What is wrong with a template in any of its locales ([]: nothing)."""
        if name not in self._sources:
            return [self._unknown(name)]
        problems = []
        for locale in self._sources[name]:
            try:
                self._letter(name, locale)
            except DeliveryFailed as failure:
                problems.append(str(failure))
        said = {locale: self._letter(name, locale).daily for locale in self._sources[name]} if not problems else {}
        if len(set(said.values())) > 1:
            without = ", ".join(f"{name}.{locale}.txt" for locale, daily in said.items() if not daily)
            problems.append(
                f"template {name}: 'Digest: daily' is missing in {without}; say it in every locale or in none"
            )
        return problems

    def daily(self, name: str) -> bool:
        """Whether letters of a template wait for the day's digest."""
        return any(self._letter(name, locale).daily for locale in self._sources.get(name, {}))

    def named(self, name: str) -> dict[str, dict[str, int]]:
        """Which values a template names, by its file: path → first line. Raises DeliveryFailed as `render` does."""
        return {f"{name}.{locale}.txt": self._letter(name, locale).named for locale in self._sources.get(name, {})}

    def render(self, name: str, locale: str, values: Mapping[str, Any]) -> tuple[str, str]:
        """(subject, text) in the locale asked for, else English, else any; DeliveryFailed for good where it does not fit."""
        locales = self._sources.get(name)
        if not locales:
            raise DeliveryFailed(self._unknown(name), retry_after=None)
        language = locale.partition("-")[0].partition("_")[0]
        found = next((tag for tag in (locale, language, "en") if tag in locales), next(iter(locales)))
        data = values.get("data")
        facts = {key: data[key] for key in ("certificate", "register") if isinstance(data, Mapping) and key in data}
        return self._letter(name, found).render({**facts, **values, "_locale": found, "_zone": self._zone_of(values)})

    def _letter(self, name: str, locale: str) -> _Letter:
        key = (name, locale)
        if key not in self._ready:
            self._ready[key] = _Letter(self._environment, f"{name}.{locale}.txt", self._sources[name][locale])
        return self._ready[key]

    def _zone_of(self, values: Mapping[str, Any]) -> ZoneInfo:
        case = values.get("case")
        return ZoneInfo((case.get("timezone") if isinstance(case, Mapping) else None) or self._zone)

    def _unknown(self, name: str) -> str:
        return f"no template '{name}'; there are: {', '.join(sorted(self._sources)) or 'none'}"


class _Letter:
    """One template, compiled: its subject line and its body."""

    def __init__(self, environment: _Environment, file: str, source: str) -> None:
        self._file, self._locale = file, file.split(".")[1]
        self._lines = source.splitlines()
        if len(source) > MAX_SOURCE:
            self._refuse(f"longer than {MAX_SOURCE} characters")
        try:
            head = read_head(self._lines)
        except BadHead as bad:
            self._refuse(bad.reason, line=bad.line)
        self.daily = head.daily
        self.named: dict[str, int] = {}
        body = "\n" * head.length + "\n".join(self._lines[head.length :])  # keeps the numbers of lines
        self._subject = self._compiled(environment, head.subject)
        self._body = self._compiled(environment, body)

    def render(self, values: Mapping[str, Any]) -> tuple[str, str]:
        subject = one_line(self._run(self._subject, values), limit=MAX_SUBJECT)
        if not subject:
            self._refuse("the subject is empty; give it some words", line=1)
        lines = [line.rstrip() for line in self._run(self._body, values).split("\n")]
        kept = [line for line, before in zip(lines, ["", *lines], strict=False) if line or before]
        return subject, "\n".join(kept).strip("\n") + "\n"

    def _compiled(self, environment: _Environment, source: str) -> Any:
        try:
            tree = environment.parse(source)
            _check_tree(tree, depth=0)
            _check_plurals(tree, self._locale)
            self.named = {**names(tree), **self.named}
            return environment.from_string(tree)
        except TemplateSyntaxError as error:
            self._refuse(error.message or "it cannot be read", line=error.lineno)
        except (TemplateError, RecursionError, LookupError) as error:
            self._refuse(str(error))

    def _run(self, template: Any, values: Mapping[str, Any]) -> str:
        parts, size = [], 0
        try:
            for part in template.generate(values):
                size += len(part.encode("utf-8", "replace"))
                if size > MAX_OUTPUT:
                    self._refuse(f"it grows beyond {MAX_OUTPUT // 1000} kB; shorten its lists")
                parts.append(part)
        except UndefinedError as error:
            line = _line_of(error)
            self._refuse(f"no value for {error}; ask '{{% if … is given %}}' first", line=line)
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            self._refuse(str(error), line=_line_of(error))
        return "".join(parts)

    def _refuse(self, reason: str, *, line: int | None = None) -> NoReturn:
        quoted = f" in: {self._lines[line - 1].strip()[:120]}" if line and line <= len(self._lines) else ""
        place = f"{self._file}:{line}" if line else self._file
        raise DeliveryFailed(f"template {place}: {reason}{quoted}", retry_after=None)


def _environment() -> _Environment:
    environment = _Environment(
        undefined=_Missing,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
        cache_size=0,
        optimized=False,  # constants are hardly worth working out beforehand
    )
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    environment.filters |= {"day": _day, "moment": _moment, "due": _due, "join": _join, "plural": _plural}
    environment.tests = {name: environment.tests[name] for name in _TESTS} | {"given": _given}
    return environment


def _check_tree(node: nodes.Node, *, depth: int) -> None:
    if not isinstance(node, _NODES):
        word = type(node).__name__
        raise TemplateSyntaxError(
            f"'{word}' is not for letters; allowed are values, if, and for over a list", node.lineno or 1
        )
    depth += isinstance(node, nodes.For)
    if depth > MAX_LOOP_DEPTH:
        raise TemplateSyntaxError(f"loops are at most {MAX_LOOP_DEPTH} deep", node.lineno)
    if isinstance(node, nodes.For) and node.recursive:
        raise TemplateSyntaxError("a loop may not be recursive; write it out", node.lineno)
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        raise TemplateSyntaxError(f"'{node.attr}' is out of reach; names begin with a letter", node.lineno)
    for child in node.iter_child_nodes():
        _check_tree(child, depth=depth)


def _check_plurals(tree: nodes.Template, locale: str) -> None:
    """Every form that the language needs is there, as a word and not as a value."""
    for node in tree.find_all(nodes.Filter):
        if node.name != "plural":
            continue
        given = {str(pair.key): pair.value for pair in node.kwargs}
        strange = [name for name in given if name not in FORMS]
        plain_words = all(isinstance(word, nodes.Const) and isinstance(word.value, str) for word in given.values())
        if node.args or strange or not plain_words:
            raise TemplateSyntaxError(f"'plural' takes words by their forms: {', '.join(FORMS)}", node.lineno)
        missing = missing_forms(locale, given)
        if missing:
            raise TemplateSyntaxError(f"'plural' needs in '{locale}' also: {', '.join(missing)}", node.lineno)


def _line_of(error: Exception) -> int | None:
    step, line = error.__traceback__, None
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<template>":
            line = step.tb_lineno
        step = step.tb_next
    return line


@pass_context
def _shown(context: Context, value: Any) -> Any:
    """What stands for a value in a letter; never nothing, never the inside of a list or map."""
    if isinstance(value, date):
        return _day(context, value)
    return _value(value)


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if value is None or isinstance(value, Undefined):
        raise UndefinedError(value._undefined_message if isinstance(value, Undefined) else "this (it is none)")  # noqa: SLF001  Jinja2's own way
    if isinstance(value, Mapping | list | tuple):
        raise TemplateError("this is a list or a group of values; name one, or write 'for' or 'join'")
    return value


def _given(value: Any) -> bool:
    return not isinstance(value, Undefined) and value is not None and value not in ("", (), [], {})


@pass_context
def _day(context: Context, value: Any) -> str:
    shown = _value(value)
    if not isinstance(shown, date):
        raise TemplateError("'day' is for dates and moments")
    return day_in_words(shown, locale=context["_locale"], zone=context["_zone"])


@pass_context
def _moment(context: Context, value: Any) -> str:
    shown = _value(value)
    if not isinstance(shown, datetime):
        raise TemplateError("'moment' is for moments; a date has no time of day, use 'day'")
    return moment_in_words(shown, locale=context["_locale"], zone=context["_zone"])


@pass_context
def _due(context: Context, value: Any) -> str:
    shown = _value(value)
    if not isinstance(shown, date):
        raise TemplateError("'due' is for dates and moments")
    return due_in_words(shown, locale=context["_locale"], zone=context["_zone"])


@pass_context
def _plural(context: Context, value: Any, **words: str) -> str:
    count = _value(value)
    if isinstance(count, bool) or count != int(count):
        raise TemplateError("'plural' is for whole numbers")
    return plural(context["_locale"], int(count), words)


def _join(values: Any, separator: str = ", ") -> str:
    if not isinstance(values, list | tuple) and not hasattr(values, "__next__"):
        raise TemplateError("'join' is for lists")
    return separator[:20].join(_texts(values))


def _texts(values: Any) -> Iterator[str]:
    size = 0
    for value in values:
        text = str(_value(value))
        size += len(text) + 20
        if size > MAX_OUTPUT:
            raise TemplateError(f"'join' grows beyond {MAX_OUTPUT // 1000} kB; shorten its lists")
        yield text
