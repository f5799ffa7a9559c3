"""Every score has a manifest that says all it must, and comes to what its test vectors say."""

import pytest

from clinical.detection.manifest import score_manifests
from clinical.scores import BY_VARIANT, SCORES
from tests.clinical.detection.vectors import newest_score, told

MANIFESTS = score_manifests()
VECTORS = [(name, one) for name, found in MANIFESTS.items() for one in found.test_vectors]


def test_every_score_has_a_manifest_and_every_manifest_a_score() -> None:
    assert {name for name, _ in BY_VARIANT} == set(MANIFESTS)


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_tells_of_every_variant(name: str) -> None:
    variants = {variant for score, variant in BY_VARIANT if score == name}
    assert set(MANIFESTS[name].variants) == variants
    assert all(MANIFESTS[name].variants.values())


@pytest.mark.parametrize(("name", "vector"), VECTORS, ids=lambda one: getattr(one, "name", one))
def test_a_score_comes_to_what_its_test_vectors_say(name: str, vector: object) -> None:
    ward = told(vector)
    for expected in vector.expects:
        row = newest_score(ward, name, expected["variant"])
        assert {key: row[key] for key in expected} == dict(expected)


@pytest.mark.parametrize("score", SCORES, ids=lambda score: f"{score.name}-{score.variant}")
def test_every_live_variant_is_in_a_test_vector(score: object) -> None:
    vectors = MANIFESTS[score.name].test_vectors
    assert score.variant in {one["variant"] for vector in vectors for one in vector.expects}
