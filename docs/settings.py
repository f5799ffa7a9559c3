"""The page docs/settings.md, made from the settings themselves, and `pulsehouse.toml` beside it.

Here: `page()`, and `python -m docs.settings`, which writes both. A test holds both files equal to
it. Not here: any setting (lakehouse/setting_groups.py), or the file's text
(pulsehouse/config_file.py).
"""

from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from lakehouse import setting_words
from lakehouse.setting_groups import GROUPS
from lakehouse.setting_sources import FILE, PREFIX, VARIABLE
from pulsehouse import config_file

ROOT = Path(__file__).parents[1]
OPENING = f"""# Settings

Made from `lakehouse/setting_groups.py` by `python -m docs.settings`: change the settings, not this
page.

A setting comes from the environment, as `{PREFIX}` and its name in capitals; else from the
settings' file; else it has its default. The file is the one that `--config FILE` names, with any
command; else the one that `{VARIABLE}` names; else `{FILE}` where the command is run.
A file that is named has to be there.

```
pulsehouse config new my.toml    # a file with every setting, commented out, with its default
pulsehouse config show           # every setting, and where it came from; secrets stay hidden
pulsehouse config check          # what is wrong, and where; exit code 3 where anything is
```

- A misspelt key of the file is an error of every command that reads settings, with its line and
  the nearest key. A misspelt name of the environment is a warning: others may use our prefix, as
  Kubernetes does for a service called `pulsehouse`.
- A variable that is empty counts as not set. A table is written `name=value,name=value` there:
  `{PREFIX}MLLP=mimic3=2575`.
- Paths are relative to where a command is run.
- A process reads its settings once, at its start. Feed profiles and routes have files of their own
  ([feeds](feeds.md), [routes](desk_routing.md)); clinical rules are reviewed like code and are no
  settings."""
HEADER = "| Setting | Takes | Default | Meaning |\n|---|---|---|---|"


def page() -> str:
    """The whole page."""
    return "\n\n".join([OPENING, *map(_group, GROUPS)]) + "\n"


def _group(group: type[BaseModel]) -> str:
    rows = (_row(name, field) for name, field in group.model_fields.items())
    return "\n".join([f"## {setting_words.title(group).rstrip('.')}\n", HEADER, *rows])


def _row(name: str, field: FieldInfo) -> str:
    value = setting_words.default(field)
    told = f"`{value}`" if value else "none"
    secret = " Never shown." if setting_words.is_secret(field) else ""
    return f"| `{name}` | {setting_words.takes(field)} | {told} | {field.description}{secret} |"


if __name__ == "__main__":
    (ROOT / "docs" / "settings.md").write_text(page(), encoding="utf-8")
    (ROOT / FILE).write_text(config_file.text(), encoding="utf-8")
