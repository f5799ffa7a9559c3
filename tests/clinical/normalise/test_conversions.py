"""The kept conversions are those of the unit registry, all of them and no others."""

from importlib.resources import files

from clinical.normalise.conversions import KEPT, NAME, affine, table
from clinical.normalise.spellings import LISTED
from clinical.normalise.ucum import by_registry


def test_the_kept_table_is_what_the_registry_gives_today() -> None:
    kept = files("clinical").joinpath(NAME).read_text(encoding="utf-8")
    assert kept == table(LISTED)
    assert len(KEPT) > 100


def test_what_the_table_lacks_is_asked_of_the_registry() -> None:
    assert ("[yd_i]", "cm", None) not in KEPT
    assert affine("[yd_i]", "cm", None) == by_registry("[yd_i]", "cm", None)
    assert affine("mm[Hg]", "mmol/L", 18.0) is None


def test_mass_becomes_substance_only_by_a_molar_mass() -> None:
    assert affine("mmol/L", "mg/dL", None) is None
    factor, offset = affine("mmol/L", "mg/dL", 180.156) or (0.0, 1.0)
    assert (round(factor, 4), offset) == (18.0156, 0.0)
