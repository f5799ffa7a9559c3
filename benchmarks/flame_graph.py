"""Stacks that were sampled, as a drawing and as shares.

Here: reading what py-spy writes, cutting it to one stage, the drawing, and which function of ours
the time was spent in. Not here: which stages there are, or sampling (flames.py).

A stack is told from its outermost frame to its innermost; no path in it begins at a machine's root.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import PurePosixPath
from typing import Final

Stack = tuple[str, ...]
ROOMS: Final = ("clinical", "lakehouse", "streaming", "orchestration", "pulsehouse")
_FRAME = re.compile(r"(?P<name>.*) \((?P<path>[^()]*?)(?::\d+)?\)")
# A stack below it imports: that is no stage, and is over before one begins.
_IMPORTS: Final = "<frozen importlib._bootstrap>"
_LIBRARIES: Final = frozenset({"site-packages", "dist-packages"})
WIDTH, ROW, LETTER = 1_200, 16, 6.2
# What is narrower is not drawn: nobody could read it.
LEAST: Final = 0.004
# Colours by whose code it is: the rooms', or a library's.
_OURS, _OTHERS = "#e9a35b", "#c9ced6"


def stacks(raw: str) -> Counter[Stack]:
    """Stacks and how often each was seen, as `py-spy record --format raw` writes them.

    Without those of imports.
    """
    found: Counter[Stack] = Counter()
    for line in raw.splitlines():
        if _IMPORTS in line:
            continue
        frames, _, seen = line.rpartition(" ")
        told = tuple(map(_frame, frames.split(";")))
        found[tuple(frame for frame in told if frame)] += int(seen)
    return found


def within(found: Mapping[Stack, int], root: str) -> Counter[Stack]:
    """The stacks that pass a frame that begins so, cut to what it called."""
    cut: Counter[Stack] = Counter()
    for stack, seen in found.items():
        at = next((n for n, frame in enumerate(stack) if root in frame), None)
        if at is not None:
            cut[stack[at:]] += seen
    return cut


def costs(found: Mapping[Stack, int]) -> dict[str, float]:
    """The share of time in each function of ours, libraries that it called included; most first."""
    own: Counter[str] = Counter()
    for stack, seen in found.items():
        own[next((frame for frame in reversed(stack) if is_ours(frame)), stack[0])] += seen
    whole = own.total()
    return {name: seen / whole for name, seen in own.most_common()}


def is_ours(frame: str) -> bool:
    """Whether a frame is a function of one of the rooms."""
    return frame.partition(" (")[2].startswith(tuple(f"{room}/" for room in ROOMS))


def drawn(title: str, found: Mapping[Stack, int]) -> str:
    """The flame graph, outermost above; each box tells its name and share."""
    whole = sum(found.values())
    boxes = list(_boxes(found, whole))
    height = (max(depth for depth, *_ in boxes) + 3) * ROW
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
            ' font-family="monospace" font-size="10">',
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
            f'<text x="4" y="{ROW - 4}" font-size="12">{escape(title)}</text>',
            *(_box(*box) for box in boxes),
            "</svg>\n",
        ]
    )


def _boxes(found: Mapping[Stack, int], whole: int) -> Iterator[tuple[int, float, float, str]]:
    """Depth, left edge, width and name of every box that is wide enough; edges are shares."""
    seen: Counter[Stack] = Counter()
    for stack, count in found.items():
        for depth in range(1, len(stack) + 1):
            seen[stack[:depth]] += count
    edges: dict[Stack, float] = {(): 0.0}
    for stack in sorted(seen):
        share, above = seen[stack] / whole, stack[:-1]
        left = edges[above]
        edges[above] += share
        edges[stack] = left
        if share >= LEAST:
            yield len(stack), left, share, stack[-1]


def _box(depth: int, left: float, share: float, name: str) -> str:
    x, y, width = left * WIDTH, depth * ROW + ROW // 2, share * WIDTH
    letters = int((width - 4) / LETTER)
    label = name if len(name) <= letters else name.partition(" (")[0][: max(letters, 0)]
    colour = _OURS if is_ours(name) else _OTHERS
    text = f'<text x="{x + 2:.1f}" y="{y + 11}">{escape(label)}</text>' if letters > 2 else ""  # noqa: PLR2004
    return (
        f"<g><title>{escape(name)} {share:.1%}</title>"
        f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 1}" fill="{colour}"/>'
        f"{text}</g>"
    )


def _frame(told: str) -> str:
    """A frame's function and file; nothing for a thread, whose number says nothing."""
    found = _FRAME.fullmatch(told)
    return f"{found['name']} ({_place(found['path'])})" if found else ""


def _place(path: str) -> str:
    """A file as its package has it."""
    parts = PurePosixPath(path).parts
    for at, part in enumerate(parts):
        if part in _LIBRARIES:
            return "/".join(parts[at + 1 :])
    if not path.startswith("/"):
        return path
    ours = next((at for at, part in enumerate(parts) if part in ROOMS), len(parts) - 1)
    return "/".join(parts[ours:])
