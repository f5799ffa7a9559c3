"""Whether a text is UCUM, by the grammar; the grammar is built once for all tests."""

from functools import cache

from lark.exceptions import LarkError
from ucumvert import parse_ucum
from ucumvert.parser import get_ucum_parser


@cache
def is_ucum(text):
    """Whether the grammar takes a text."""
    try:
        parse_ucum(text, _parser())
    except LarkError:
        return False
    return True


@cache
def _parser():
    return get_ucum_parser()
