"""Every way in which the messages of a life may be told, each as the life of a patient of its own.

Here: so that one connection shows them all. Not here: the lives (test_orders.py and its like).
"""

from collections.abc import Mapping, Sequence
from itertools import permutations

Lives = Mapping[str, Sequence[bytes]]
WAY = " told as "


def every_way(lives: Lives) -> tuple[list[bytes], set[str]]:
    """The messages of all lives in all orders, each with its first again at its end; the patients.

    A patient is named after the life and the order; messages are of patient 1.
    """
    told, patients = [], set()
    for life, messages in lives.items():
        for way in permutations(range(len(messages))):
            patient = f"{life}{WAY}{''.join(map(str, way))}"
            patients.add(patient)
            told += [as_of(messages[n], patient) for n in (*way, way[0])]
    return told, patients


def as_of(message: bytes, patient: str) -> bytes:
    """The message about somebody else."""
    return message.replace(b"|1^^^H", f"|{patient}^^^H".encode())


def life_of(patient: str) -> str:
    """The life that a patient's name tells."""
    return patient.partition(WAY)[0]
