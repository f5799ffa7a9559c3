"""What SOFA rests on, hour by hour of every stay: ours beside mimic-code's.

Here: the inputs of `pivoted_sofa` worked out from our facts alone, by mimic-code's own arithmetic
(mimic-iii/concepts, commit 8bcbd19: pivoted_sofa, pivoted_gcs, pivoted_bg_art,
ventilation_durations), so that a difference is one of facts. Not here: why they differ
(mimic3_causes.py), our own law (mimic3_scores.py).
"""

from collections.abc import Mapping, Sequence

import duckdb

# Input, as pivoted_sofa calls it, and how far two equal numbers may lie apart: MIMIC-III stores
# floats, of which the text and the number differ in the last digits.
INPUTS = {
    "meanbp_min": 1e-3,
    "GCS_min": 0.0,
    "urineoutput": 1e-3,
    "bilirubin_max": 1e-6,
    "creatinine_max": 1e-6,
    "platelet_min": 1e-6,
    "rate_norepinephrine": 1e-4,
    "rate_epinephrine": 1e-4,
    "rate_dopamine": 1e-4,
    "rate_dobutamine": 1e-4,
    "pao2fio2ratio_novent": 1e-3,
    "pao2fio2ratio_vent": 1e-3,
}

# One value per time first, as the reference has it: the mean of laboratory results, the lowest of
# pressures.
_WORST = """
with timed as (
    select patient_id, moment, {each}(value) as value
    from fact where concept = '{concept}' group by all
)
select icustay_id, hr, {worst}(value) as value
from hours join timed using (patient_id)
where timed.moment > starttime and timed.moment <= endtime
group by all
"""
_URINE = """
select icustay_id, hr, sum(if(concept = 'irrigant_in', -value, value)) as value
from hours join fact using (patient_id)
where concept in ('urine_output', 'irrigant_in')
    and fact.moment > starttime and fact.moment <= endtime
group by all
"""
# What runs at the end of the hour: the newest word before it, of two at once the higher.
_RATE = """
select icustay_id, hr, arg_max(value, (fact.moment, value)) as value
from hours join fact using (patient_id)
where concept = '{concept}' and fact.moment < endtime
    and fact.moment >= endtime - (from look_back)
group by all
having arg_max(value, (fact.moment, value)) > 0
"""
# Parts carried forward from the row before if that is less than 6 h old; untestable speech is 15.
COMPOSED_GCS = """
with parts as (
    select patient_id, moment,
        max(value) filter (concept = 'gcs_motor') as motor,
        coalesce(
            max(value) filter (concept = 'gcs_verbal'),
            if(bool_or(concept = 'gcs_verbal_untestable'), 0, null)
        ) as verbal,
        max(value) filter (concept = 'gcs_eye') as eye
    from fact where concept like 'gcs_%' and concept <> 'gcs_total'
    group by all
),
before as (
    select *,
        lag(moment) over w > moment - interval 6 hours as is_near,
        if(is_near, lag(motor) over w, null) as motor_before,
        if(is_near, lag(verbal) over w, null) as verbal_before,
        if(is_near, lag(eye) over w, null) as eye_before
    from parts window w as (partition by patient_id order by moment)
),
scored as (
    select patient_id, moment,
        case
            when coalesce(verbal, verbal_before) = 0 then 15
            when verbal_before = 0
                then coalesce(motor, 6) + coalesce(verbal, 5) + coalesce(eye, 4)
            else coalesce(motor, motor_before, 6) + coalesce(verbal, verbal_before, 5)
                + coalesce(eye, eye_before, 4)
        end as gcs
    from before
)
"""
_GCS = (
    COMPOSED_GCS
    + """
select icustay_id, hr, min(gcs) as value
from hours join scored using (patient_id)
where scored.moment > starttime and scored.moment <= endtime
group by all
"""
)

# Signs of an invasive ventilator and of oxygen by other means; an episode ends with the tube, with
# other oxygen, or with 8 h of silence.
EPISODES = """
create or replace table episodes as
with signs as (
    select patient_id, moment,
        max((concept in ('ventilator_setting', 'peep')
            or (concept = 'oxygen_device' and value = 12))::integer) as mechanical,
        max((concept = 'oxygen_device' and value between 1 and 9)::integer) as oxygen,
        max((concept = 'extubation')::integer) as extubated
    from fact
    where concept in ('ventilator_setting', 'peep', 'oxygen_device', 'extubation')
    group by all
),
marked as (
    select *,
        lag(moment) over (partition by patient_id, mechanical order by moment) as before,
        coalesce(lag(extubated) over (
            partition by patient_id, greatest(mechanical, extubated) order by moment
        ), 0) as was_extubated
    from signs
),
numbered as (
    select *, sum(
        (was_extubated = 1 or (mechanical = 0 and oxygen = 1)
            or (mechanical = 1 and coalesce(moment > before + interval 8 hours, false)))::integer
    ) over (partition by patient_id order by moment) as number
    from marked
)
select patient_id, min(moment) as begins, max(moment) as ends
from numbered where mechanical = 1 or extubated = 1
group by patient_id, number
having min(moment) <> max(moment) and max(mechanical) = 1
"""
_GASES = """
create or replace table gases as
with gas as (
    select patient_id, moment, avg(value) as po2 from fact where concept = 'pao2' group by all
),
oxygen as (
    select patient_id, moment, max(value) as fio2 from fact where concept = 'fio2' group by all
),
paired as (
    select gas.*, arg_max(fio2, oxygen.moment) as fio2
    from gas left join oxygen on oxygen.patient_id = gas.patient_id
        and oxygen.moment between gas.moment - interval 4 hours and gas.moment
    group by all
)
select *, 100 * po2 / fio2 as ratio,
    exists (
        from episodes e
        where e.patient_id = paired.patient_id and paired.moment between begins and ends
    ) as ventilated
from paired
"""
_RATIO = """
select icustay_id, hr, min(ratio) as value
from hours join gases using (patient_id)
where gases.moment > starttime and gases.moment <= endtime and {ventilated} ventilated
group by all
"""


# The concepts that each input rests on.
_GAS = ("pao2", "fio2", "ventilator_setting", "peep", "oxygen_device", "extubation")
CONCEPTS: Mapping[str, Sequence[str]] = {
    "meanbp_min": ("mean_bp",),
    "GCS_min": ("gcs_motor", "gcs_verbal", "gcs_eye", "gcs_verbal_untestable"),
    "urineoutput": ("urine_output", "irrigant_in"),
    "bilirubin_max": ("bilirubin_total",),
    "creatinine_max": ("creatinine",),
    "platelet_min": ("platelets",),
    **{name: (f"{name.removeprefix('rate_')}_rate",) for name in INPUTS if "rate_" in name},
    **{name: _GAS for name in INPUTS if name.startswith("pao2fio2")},
}
_QUERIES = {
    "meanbp_min": _WORST.format(each="min", worst="min", concept="mean_bp"),
    "bilirubin_max": _WORST.format(each="avg", worst="max", concept="bilirubin_total"),
    "creatinine_max": _WORST.format(each="avg", worst="max", concept="creatinine"),
    "platelet_min": _WORST.format(each="avg", worst="min", concept="platelets"),
    "GCS_min": _GCS,
    "urineoutput": _URINE,
    "pao2fio2ratio_novent": _RATIO.format(ventilated="not"),
    "pao2fio2ratio_vent": _RATIO.format(ventilated=""),
    **{name: _RATE.format(concept=CONCEPTS[name][0]) for name in INPUTS if "rate_" in name},
}


def work_out(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make the table `worked_out` (icustay_id, hr, value) of an input, from the table `fact`."""
    if CONCEPTS[name] is _GAS:
        connection.execute(EPISODES)
        connection.execute(_GASES)
    connection.execute(f"create or replace table worked_out as {_QUERIES[name]}")


def add_inputs(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the table `inputs`: name, icustay_id, hr, ours, theirs, and whether they are equal."""
    connection.execute(_EMPTY)
    connection.execute(AS_OURS)
    for name, tolerance in INPUTS.items():
        work_out(connection, name)
        connection.execute(_BOTH.format(name=name, tolerance=tolerance))


_EMPTY = """
create table inputs (
    name varchar, icustay_id bigint, hr bigint, ours double, theirs double, same boolean,
    cause varchar
)
"""
# Choices of ours that are no facts: how long the word of a rate holds, whose rows count in a stay.
AS_OURS = """
create or replace table look_back as select interval 24 hours;
create or replace table own_rows as select false as only_own
"""
# Where the reference has an hour twice, its higher rate stands.
_BOTH = """
insert into inputs
with theirs as (
    select icustay_id, hr, max({name}) as theirs from reference.pivoted_sofa group by all
)
select '{name}', icustay_id, hr, value, theirs,
    value is not distinct from theirs or coalesce(abs(value - theirs) <= {tolerance}, false), null
from theirs left join worked_out using (icustay_id, hr)
"""
