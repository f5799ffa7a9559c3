"""A formula written down instead of worked out.

Here: the stand-in for a number that a ratio's formula is given to spell itself. Not here: any
formula.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """A number by its name or digits; products and quotients of it spell themselves.

    >>> (Written("spo2") * 100 / Written("fio2")).text
    'spo2 * 100 / fio2'
    >>> (Written("spo2") / (Written("fio2") / 100)).text
    'spo2 / (fio2 / 100)'
    """

    text: str

    def __mul__(self, other: "Written | float") -> "Written":
        return Written(f"{self.text} * {_factor(other)}")

    def __truediv__(self, other: "Written | float") -> "Written":
        return Written(f"{self.text} / {_factor(other)}")


def _factor(other: "Written | float") -> str:
    text = other.text if isinstance(other, Written) else f"{other:g}"
    return f"({text})" if " " in text else text
