"""Synthea's FHIR R4 bundles as one HL7 v2.5.1 batch file.

Here: `render` for a folder of bundles, one patient each. What a FHIR server would be sent as
resources, a hospital's systems send as messages:

- An Encounter is an A01 (inpatient) or A04 at its begin and an A03 at its end.
- Observations of one visit and moment are one ORU^R01, each with an OBR of its own.
- A MedicationRequest is an RDE^O11; that it was stopped is told by a second one at the end of the
  record, since the source does not say when. An Immunization is a VXU^V04.
- Conditions and Procedures are BAR^P12, allergies ADT^A60, a death an ADT^A31.
- Reports, claims, care plans and images are not sent.

Not here: the messages themselves (synthea_clinic.py, synthea_orders.py).

Source: Walonoski et al., JAMIA 2018, doi 10.1093/jamia/ocx079; smart-on-fhir sample data.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO

from pulsehouse.render import batch, synthea_clinic, synthea_orders
from pulsehouse.render.batch import Message, Progress
from pulsehouse.render.outcome import Rendered, RenderError
from pulsehouse.render.synthea_bundle import Record, records
from pulsehouse.render.synthea_message import SENDER

_STREAMS = (*synthea_clinic.STREAMS, *synthea_orders.STREAMS)


def render(
    folder: Path,
    out: Path | BinaryIO,
    *,
    align: date | None = None,
    days: int | None = None,
    progress: Progress | None = None,
) -> Rendered:
    """Render bundles (.json or .json.gz) of a folder, or one file.

    Args:
        folder: The bundles.
        out: Where to write; a path that ends in `.gz` is gzipped.
        align: Not for this source: its events have their own dates.
        days: As `align`.
        progress: Called with messages done and messages in all.

    Raises:
        RenderError: There is no bundle, one is no patient's, or the output cannot be written.
    """
    if align is not None or days is not None:
        msg = "synthea has dates of its own; leave --align and --days out"
        raise RenderError(msg)
    messages = sorted(message for record in records(folder) for message in _messages(record))
    return batch.write(out, SENDER, [iter(messages)], progress, len(messages))


def _messages(record: Record) -> Iterator[Message]:
    for stream in _STREAMS:
        yield from stream(record)
