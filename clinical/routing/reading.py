"""YAML as plain values, with the line that each of them stands on.

Here: the safe subset of YAML that a routes file is written in. Not here: what the words mean
(parsing.py).

Of YAML's implicit types there are only null, true, false and numbers. `07:00` stays text, where
YAML 1.1 would read 19:00 as the number 1140, and `no`, `on` and dates stay text as well.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import yaml

from clinical.routing.errors import RoutesError

# More than any hospital writes; what is larger is not a routes file.
LONGEST = 1_000_000
_MOST = 100_000
_DEEPEST = 60


class _Loader(yaml.SafeLoader):
    """Safe, and without the implicit types that surprise."""


_Loader.yaml_implicit_resolvers = {}

for _tag, _form, _first in (
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("bool", r"^(?:true|false)$", list("tf")),
    ("int", r"^-?(?:0|[1-9][0-9]{0,17})$", list("-0123456789")),
    ("float", r"^-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}$", list("-0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_form), _first)


@dataclass(slots=True)
class Written:
    """A file's values, and the line of each place ("route.routes[0].match")."""

    value: object = None
    lines: dict[str, int] = field(default_factory=dict)

    def line(self, place: str) -> int:
        """The line of a place, or of the nearest one around it."""
        while place not in self.lines and place:
            place = place[: max(place.rfind("."), place.rfind("["), 0)]
        return self.lines.get(place, 1)


def read(text: str) -> Written:
    """The values of a file and their lines.

    Raises:
        RoutesError: It is not YAML, or not of the kind that is read here.
    """
    if len(text) > LONGEST:
        msg = f"the routes are longer than {LONGEST:,} characters"
        raise RoutesError(msg)
    try:
        root = _Loader(text).get_single_node()
    except (yaml.YAMLError, RecursionError) as error:
        raise RoutesError(_yaml_fault(error)) from None
    written = Written()
    written.value = _value(root, "", written, 0) if root else None
    return written


def _yaml_fault(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it cannot be read"
    place = f"line {mark.line + 1}: " if mark else ""
    return f"{place}not valid YAML: {problem}"


def _value(node: yaml.Node, place: str, written: Written, depth: int) -> object:
    written.lines.setdefault(place, node.start_mark.line + 1)
    # An anchor that is named again and again would be copied each time.
    if len(written.lines) > _MOST or depth > _DEEPEST:
        _refuse(node, "too many values, or too deep")
    match node:
        case yaml.MappingNode():
            return dict(_items(node, place, written, depth))
        case yaml.SequenceNode():
            return [
                _value(item, f"{place}[{number}]", written, depth + 1)
                for number, item in enumerate(node.value)
            ]
        case _:
            return _scalar(node)


def _items(
    node: yaml.MappingNode, place: str, written: Written, depth: int
) -> Iterator[tuple[str, object]]:
    seen = set()
    for key, item in node.value:
        if not isinstance(key, yaml.ScalarNode):
            _refuse(key, "a key must be a word")
        if key.value in seen:
            _refuse(key, f"`{key.value}` stands here twice")
        seen.add(key.value)
        inner = f"{place}.{key.value}" if place else key.value
        written.lines.setdefault(inner, key.start_mark.line + 1)
        yield key.value, _value(item, inner, written, depth + 1)


def _scalar(node: yaml.Node) -> object:
    kind = node.tag.rpartition(":")[2]
    if kind not in _SCALARS:
        _refuse(node, f"values of the kind `{kind}` are not read")
    return _SCALARS[kind](node.value)


_SCALARS: Mapping[str, Callable[[str], object]] = {
    "str": str,
    "null": lambda _: None,
    "bool": lambda text: text == "true",
    "int": int,
    "float": float,
}


def _refuse(node: yaml.Node, why: str) -> NoReturn:
    msg = f"line {node.start_mark.line + 1}: {why}"
    raise RoutesError(msg)
