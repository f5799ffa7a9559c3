"""A setting in words: what it takes, what it is where nobody set it, and a value as TOML.

Here: what the settings' file, their page and every message about one of them have in common. Not
here: the settings themselves (setting_groups.py).
"""

import datetime as dt
import json
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from lakehouse.setting_groups import GROUPS

# What stands in place of a secret; as wide for each of them.
HIDDEN: Final = "********"
KINDS: Mapping[object, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    Path: "a path",
    SecretStr: "a text",
    dt.date: "a date such as 2026-01-31",
    dict[str, int]: "a table of whole numbers, name = number",
    dict[str, str]: "a table of texts, name = text",
}


def fields() -> dict[str, FieldInfo]:
    """Every setting, in the order in which they are shown."""
    return {name: field for group in GROUPS for name, field in group.model_fields.items()}


def title(group: type[BaseModel]) -> str:
    """What a group of settings is about."""
    return (group.__doc__ or "").strip()


def is_secret(field: FieldInfo) -> bool:
    """Whether its value is never shown."""
    return not field.repr or _kind(field) is SecretStr


def takes(field: FieldInfo) -> str:
    """What it takes, such as `a whole number from 0 to 23`."""
    kind = _kind(field)
    if get_origin(kind) is Literal:
        return " or ".join(f'"{choice}"' for choice in get_args(kind))
    return KINDS[kind] + _span(field)


def default(field: FieldInfo) -> str:
    """Its default as TOML; empty where it has none."""
    if (value := field.get_default(call_default_factory=True)) in (None, "", {}) or field.examples:
        return ""
    return toml(value)


def example(field: FieldInfo) -> str:
    """A value that it could have, as TOML: the default where there is one."""
    return default(field) or toml((field.examples or [""])[0])


def toml(value: object) -> str:
    """A value as TOML writes it."""
    match value:
        case dict():
            pairs = (f"{_key(str(name))} = {toml(item)}" for name, item in value.items())
            return f"{{ {', '.join(pairs)} }}" if value else "{}"
        case dt.date():
            return value.isoformat()
        case bool() | int() | float():
            return json.dumps(value)
        case _:
            return json.dumps(str(value), ensure_ascii=False)


def shown(field: FieldInfo, value: object) -> str:
    """A value as a person may see it: secrets hidden, nothing where there is none."""
    if value in (None, "", {}):
        return ""
    return HIDDEN if is_secret(field) else toml(value)


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").isalnum() else json.dumps(name)


def _kind(field: FieldInfo) -> object:
    """Its type, without `None` and without what is annotated."""
    kind = field.annotation
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = (one for one in get_args(kind) if one is not types.NoneType)
    return kind


def _span(field: FieldInfo) -> str:
    bounds = {
        name: getattr(one, name)
        for one in field.metadata
        for name in ("gt", "ge", "le", "lt")
        if getattr(one, name, None) is not None
    }
    words = {"ge": "from", "gt": "above", "le": "to" if "ge" in bounds else "up to", "lt": "below"}
    return "".join(f" {words[name]} {bounds[name]:,}" for name in words if name in bounds)
