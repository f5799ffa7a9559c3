"""The site of the pages: every page of the repository, with its links, built strictly by Zensical.

Here: `stage()`, which copies the pages as they lie in the repository, and `python -m docs.site`,
which then builds `dist/site`. A link to a page stays a link; a link to code, which the site does
not hold, becomes the file's path. Not here: what stands in the menu (zensical.toml).
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "dist" / "pages"
AT_THE_ROOT = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE")
KINDS = (".md", ".svg", ".png", ".json", ".ipynb")
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s]+)\)")
ELSEWHERE = ("http:", "https:", "mailto:", "#")


def files() -> list[Path]:
    """The files of the site, relative to the repository."""
    docs = (path for path in (ROOT / "docs").rglob("*") if path.suffix in KINDS)
    return [*map(Path, AT_THE_ROOT), *sorted(path.relative_to(ROOT) for path in docs)]


def stage(folder: Path) -> None:
    """Copy the pages into an empty `folder`, laid out as in the repository."""
    shutil.rmtree(folder, ignore_errors=True)
    held = files()
    there = {(ROOT / file).resolve() for file in held}
    for file in held:
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".md":
            text = (ROOT / file).read_text(encoding="utf-8")
            target.write_text(_linked(text, ROOT / file, there), encoding="utf-8")
        else:
            shutil.copyfile(ROOT / file, target)


def _linked(text: str, page: Path, there: set[Path]) -> str:
    """The page's text, where what the site does not hold is named and not linked."""

    def one(found: re.Match[str]) -> str:
        words, link = found.groups()
        path = (page.parent / link.partition("#")[0]).resolve()
        if link.startswith(ELSEWHERE) or path in there or not path.exists():
            return found[0]
        name = str(path.relative_to(ROOT))
        return f"`{name}`" if words.strip("`") == name else f"{words} (`{name}`)"

    return LINK.sub(one, text)


def build() -> int:
    """Stage the pages and build them; the exit code of Zensical, which a broken link makes 1."""
    stage(PAGES)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(build())
