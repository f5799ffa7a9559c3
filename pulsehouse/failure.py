"""What went wrong, in one line, and the exit code that says so.

Here: exit codes, the command's own error, and every other exception as a line. Not here: the lines
of the rooms' own errors, which are written where they are raised.

Exit codes: 0 ok, 1 failed, 2 usage, 3 a check found problems, 4 needs recovery, 5 something that
it needs is down, 130 interrupted.
"""

from collections.abc import Iterator, Mapping

OK = 0
FAILED = 1
USAGE = 2
FOUND_PROBLEMS = 3
NEEDS_RECOVERY = 4
DEPENDENCY_DOWN = 5
INTERRUPTED = 130

# Errors that say all a person needs. By name: importing their modules would slow every start. One
# that has an `exit_code` of its own keeps it.
KNOWN: Mapping[str, int] = {
    "pulsehouse.failure.CommandError": FAILED,
    "pulsehouse.render.outcome.RenderError": FAILED,
    "streaming.files.SourceError": FAILED,
    "lakehouse.errors.LakehouseError": FAILED,
    "clinical.wire.profile.ProfileError": USAGE,
    "clinical.routing.errors.RoutesError": USAGE,
}


class CommandError(Exception):
    """The command cannot do what it was asked; the message says why and how to mend it."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def explained(error: BaseException) -> tuple[str, int]:
    """One line for an exception, and its exit code.

    The dataflow wraps what is raised in it, so that the causes are looked through as well. The text
    of an exception that nobody foresaw may hold a patient's value: it is not shown.
    """
    for one in _causes(error):
        if isinstance(one, KeyboardInterrupt):
            return "interrupted", INTERRUPTED
        if (code := _known(one)) is not None:
            return _one_line(str(one)), code
    name = type(list(_causes(error))[-1]).__name__
    return f"unexpected {name}; run again with --debug to see where", FAILED


def _known(error: BaseException) -> int | None:
    for kind in type(error).__mro__:
        code = KNOWN.get(f"{kind.__module__}.{kind.__qualname__}")
        if code is not None:
            return int(getattr(error, "exit_code", code))
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__


def _one_line(text: str) -> str:
    return " ".join(text.split())
