"""Every case, in the order of the path, with its figures and what each is held to.

Here: the one list that `pulsehouse bench` runs, shows, judges and draws. Not here: how a case
measures (its module), or what a case is (case.py).
"""

from collections.abc import Iterator, Mapping
from typing import Final

from benchmarks.case import BOTH, Case, Figure, Law

OBSERVATIONS: Final = "observations/s"
MESSAGES: Final = "messages/s"
RESOURCES: Final = "resources/s"
TIMES: Final = "x"
# Less than one of something, in units of which less is better.
SHARE: Final = "of it"
TIME: Final[frozenset[Law]] = frozenset({"time"})
# A quick run, which is to end within a minute, leaves out higher rates and what others contain.
_QUICK_RATE: Final = 1_000

STAGES: Final = (
    Case(
        "decode",
        "decode",
        "HL7 v2 results, beside splitting strings",
        "stages:decode",
        size=50_000,
        quick=16_000,
        figures=(
            Figure("decode_observations_per_second", OBSERVATIONS, at_least=500_000),
            Figure("baseline_observations_per_second", OBSERVATIONS),
            Figure("decode_against_baseline", TIMES),
        ),
        laws=BOTH,
        per_core=True,
    ),
    Case(
        "mixed",
        "decode",
        "HL7 v2 as it comes, in batches of every size",
        "mixed:mixed",
        size=24_000,
        quick=8_000,
        figures=(
            Figure("mixed_observations_per_second", OBSERVATIONS, at_least=800_000),
            Figure("mixed_against_split", TIMES),
            Figure("mixed_live_batches_against_split", TIMES),
            Figure("batch_of_100_extra_ms", "ms"),
            Figure("batch_of_1000_extra_ms", "ms", below=10),
        ),
        per_core=True,
    ),
    Case(
        "ndjson",
        "decode",
        "FHIR resources, one kind after the other",
        "ndjson:ndjson",
        size=24_000,
        quick=4_000,
        figures=(
            Figure("fhir_observations_per_second", RESOURCES, at_least=250_000),
            Figure("fhir_components_per_second", RESOURCES),
            Figure("fhir_encounters_per_second", RESOURCES),
            Figure("fhir_patients_per_second", RESOURCES),
            Figure("fhir_documents_per_second", RESOURCES),
            Figure("fhir_unused_per_second", RESOURCES),
            Figure("fhir_one_observation_us", "us"),
            Figure("fhir_one_unused_us", "us"),
        ),
        per_core=True,
    ),
    Case(
        "normalise",
        "normalise",
        "codes to concepts, units to UCUM, provenance",
        "stages:normalise",
        size=50_000,
        quick=16_000,
        figures=(Figure("normalise_observations_per_second", OBSERVATIONS),),
        laws=BOTH,
        per_core=True,
    ),
    Case(
        "engine",
        "score",
        "the columnar engine, beside the reference",
        "engine:engine",
        size=108_000,
        quick=12_000,
        figures=(
            Figure("engine_observations_per_second", OBSERVATIONS, at_least=1_000_000),
            Figure("engine_rows_observations_per_second", OBSERVATIONS),
            Figure("reference_observations_per_second", OBSERVATIONS),
            Figure("engine_against_reference", TIMES),
        ),
        per_core=True,
    ),
    Case(
        "score",
        "score",
        "every score and its rows, batch by batch, no rules",
        "stages:score",
        size=50_000,
        quick=0,
        figures=(
            Figure("score_observations_per_second", OBSERVATIONS),
            Figure("score_rows", "rows"),
        ),
        laws=BOTH,
        per_core=True,
    ),
    Case(
        "detect",
        "detect",
        "scores and every rule, episodes and contexts",
        "stages:detect",
        size=50_000,
        quick=16_000,
        figures=(
            Figure("detect_observations_per_second", OBSERVATIONS),
            Figure("detect_seconds_against_score", SHARE),
        ),
        laws=BOTH,
        per_core=True,
    ),
    Case(
        "append",
        "append",
        "epochs into all tables, fsync, beside plain Parquet",
        "stages:append",
        size=50_000,
        quick=8_000,
        figures=(
            Figure("append_observations_per_second", OBSERVATIONS),
            Figure("append_against_parquet", TIMES),
        ),
        laws=BOTH,
    ),
)
WHOLE: Final = (
    Case(
        "end_to_end",
        "end to end",
        "HL7 v2 file to committed rows, scores and alerts",
        "whole:end_to_end",
        size=100_000,
        quick=40_000,
        figures=(
            Figure("end_to_end_observations_per_second", OBSERVATIONS, at_least=400_000),
            Figure("end_to_end_score_rows", "rows"),
            Figure("end_to_end_mib_read_per_second", "MiB/s"),
            Figure("peak_memory_mib", "MiB", below=600),
        ),
        laws=BOTH,
    ),
    Case(
        "fhir_end_to_end",
        "end to end",
        "FHIR NDJSON to committed rows, scores and alerts",
        "whole:fhir",
        size=200_000,
        quick=40_000,
        figures=(Figure("fhir_end_to_end_resources_per_second", RESOURCES, at_least=200_000),),
        laws=BOTH,
    ),
    Case(
        "two_processes",
        "end to end",
        "two facilities: a stream of two processes, beside one",
        "cluster:two_processes",
        size=100_000,
        quick=0,
        figures=(
            Figure("one_process_observations_per_second", OBSERVATIONS),
            Figure("two_processes_observations_per_second", OBSERVATIONS),
            Figure("two_processes_against_one", TIMES, at_least=1.7, where="on free cores"),
        ),
        runs=3,
    ),
)


def _latency(rate: int, source: str, suffix: str, alerts_ms: float, where: str = "") -> Case:
    return Case(
        f"latency_{rate}{'_short_epochs' if where else ''}",
        "latency",
        f"{rate:,} messages a second, 5,000 open encounters" + (f", {where}" if where else ""),
        f"latency:{source}",
        size=rate * 11,
        quick=rate * 3 if rate <= _QUICK_RATE else 0,
        figures=(
            Figure(f"alert_latency_alerts{suffix}", "alerts"),
            Figure(f"alert_latency_p50_ms{suffix}", "ms"),
            Figure(f"alert_latency_p99_ms{suffix}", "ms", below=alerts_ms),
            Figure(f"visible_p50_ms{suffix}", "ms"),
            Figure(f"visible_p99_ms{suffix}", "ms", below=1_600),
        ),
        runs=3,
        quick_runs=1,
    )


LATENCIES: Final = (
    _latency(1_000, "at_1000", "", 25),
    _latency(5_000, "at_5000", "_at_5000", 25),
    _latency(20_000, "at_20000", "_at_20000", 60),
    _latency(50_000, "at_50000", "_at_50000", 60),
    _latency(20_000, "short_epochs", "_at_20000_epoch_200ms", 60, "epochs of 0.2 s"),
)
STANDING: Final = (
    Case(
        "gateway",
        "gateway",
        "MLLP over 50 connections: acknowledged, at most and at 5,000 messages/s",
        "gateway:gateway",
        size=100_000,
        quick=5_000,
        figures=(
            Figure("gateway_messages_per_second", MESSAGES, at_least=5_000),
            Figure("gateway_ack_p50_ms", "ms"),
            Figure("gateway_ack_p99_ms", "ms", below=50),
            Figure("gateway_ack_p999_ms", "ms"),
        ),
        runs=3,
        quick_runs=1,
    ),
    Case(
        "restart",
        "restart",
        "all facts in the look-back, beside reading them",
        "stored:restart",
        size=715_000,
        quick=8_000,
        figures=(
            Figure("restart_seconds", "s", below=8, where="at 5 million facts"),
            Figure("restart_observations_per_second", OBSERVATIONS),
            Figure("restart_seconds_against_reading", SHARE),
        ),
        laws=TIME,
        runs=3,
    ),
    Case(
        "replay",
        "replay",
        "scores and alerts of record, from the tables",
        "stored:replay",
        size=200_000,
        quick=8_000,
        figures=(Figure("replay_observations_per_second", OBSERVATIONS, at_least=1_500_000),),
        laws=TIME,
        per_core=True,
        runs=3,
        quick_runs=1,
    ),
    Case(
        "query",
        "query",
        "one patient's last 24 hours, beside reading two columns of all",
        "stored:query",
        size=715_000,
        quick=8_000,
        figures=(
            Figure("query_patient_day_ms", "ms", below=100, where="at 100 million observations"),
            Figure("query_open_ms", "ms"),
            Figure("query_against_reading_all", SHARE),
        ),
        laws=TIME,
    ),
    Case(
        "encounter",
        "memory",
        "what a further open encounter holds, and each observation of it",
        "footprint:encounter",
        size=20_000,
        quick=2_000,
        figures=(
            Figure("kib_per_open_encounter", "KiB", below=2),
            Figure("bytes_per_remembered_observation", "B"),
        ),
        runs=1,
        quick_runs=1,
    ),
    Case(
        "idle",
        "idle",
        "a stream to which nothing comes (its size is seconds)",
        "footprint:idle",
        size=10,
        quick=0,
        figures=(Figure("idle_core_percent", "%", below=2),),
        runs=3,
        quick_runs=1,
    ),
)
CASES: Final = (*STAGES, *WHOLE, *LATENCIES, *STANDING)
BY_NAME: Final[Mapping[str, Case]] = {case.name: case for case in CASES}


def figures() -> Iterator[tuple[Case, Figure]]:
    """Every figure with its case."""
    for case in CASES:
        for figure in case.figures:
            yield case, figure
