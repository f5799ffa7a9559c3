"""Why a request is not answered as asked.

Here: the refusals as exceptions. Not here: raising them (guard.py, shell.py), or their pages
(answers.py).
"""

from fastapi import status


class RefusedError(Exception):
    """A request is refused; `told` is one sentence for the person, without anything of a patient.

    `way` is where the person may go instead, such as the form that breaks the glass.
    """

    def __init__(
        self, told: str, *, code: int = status.HTTP_403_FORBIDDEN, way: str | None = None
    ) -> None:
        super().__init__(told)
        self.told = told
        self.code = code
        self.way = way


class NotLoggedInError(RefusedError):
    """Nobody is logged in, or no longer."""

    def __init__(self) -> None:
        super().__init__("Log in first.", code=status.HTTP_401_UNAUTHORIZED)


class FromElsewhereError(RefusedError):
    """A click in another site or a mail led here, so that the browser held the session back."""

    def __init__(self) -> None:
        super().__init__("One moment.", code=status.HTTP_200_OK)
