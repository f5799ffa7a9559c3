"""Scores on hospitals that nothing was tuned on: `python -m docs.derivations.other_hospitals DIR`.

Here: what is measured on the public data sets in DIR, stored beside this file as JSON, and the page
docs/other_hospitals.md that is made of it. Not here: how (on_labels.py, first_days.py), or the
page's words (other_hospitals_page.py).
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docs.derivations import first_days, labelled_cohorts, on_labels
from docs.derivations.other_hospitals_page import page

COHORTS = ("eicu_demo", "mimic_demo")
STORED = Path(__file__).with_suffix(".json")
PAGE = Path(__file__).parents[1] / "other_hospitals.md"


def measured(source: Path) -> Mapping[str, Any]:
    """Every figure, in a fixed order."""
    cohorts = {name: on_labels.figures(labelled_cohorts.read(source, name)) for name in COHORTS}
    return {"labelled": cohorts, "first_days": first_days.figures(first_days.read(source))}


if __name__ == "__main__":
    found = measured(Path(sys.argv[1]))
    STORED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(found), encoding="utf-8")
    sys.stdout.write(PAGE.read_text(encoding="utf-8"))
