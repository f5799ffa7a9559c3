"""The choices of mimic-code that are not about one input of SOFA: of its components, and of KDIGO.

Here: each choice with its name, its meaning and what it changes of our facts; for KDIGO a stay is a
patient. Not here: choices about inputs (mimic3_choices.py), or the search (mimic3_search.py).
"""

from tests.conformance.mimic3_choices import Choice
from tests.conformance.mimic3_inputs import COMPOSED_GCS, EPISODES

# Choices that are not about one input: which rows belong to a stay, what hindsight knows, how parts
# and entries go together.
LAWS = (
    Choice(
        "ventilated_by_hindsight",
        "a patient is ventilated from the first to the last sign of an episode, also between signs",
        ("respiration",),
        (
            EPISODES,
            "delete from fact where concept in ('ventilator_setting', 'peep', 'oxygen_device',"
            " 'extubation', 'intubation')",
            "insert into fact (patient_id, concept, moment, value) select distinct g.patient_id,"
            " if(e.patient_id is null, 'extubation', 'ventilator_setting'), moment, 1"
            " from fact g left join episodes e on e.patient_id = g.patient_id"
            " and g.moment between begins and ends where concept = 'pao2'",
        ),
    ),
    Choice(
        "only_the_row_before_is_carried",
        "parts of the coma scale are carried from the row just before, if within 6 h, else normal",
        ("cns",),
        (
            "insert into fact (patient_id, concept, moment, value)"  # noqa: S608
            f" {COMPOSED_GCS} select patient_id, 'gcs_total', moment, gcs from scored",
            "delete from fact where concept like 'gcs%' and concept <> 'gcs_total'",
        ),
    ),
    Choice(
        "irrigant_alone_counts",
        "water put into the bladder counts as urine below nothing, also where none was measured",
        ("renal",),
        (
            "insert into fact (patient_id, concept, moment, value) select patient_id,"
            " 'urine_output', moment, 0 from fact where concept = 'irrigant_in'",
        ),
    ),
    Choice(
        "results_of_one_time_averaged",
        "several laboratory results of one time count as their mean, not as the worst",
        ("coagulation", "liver", "renal"),
        (
            "insert into fact (patient_id, concept, moment, value) select patient_id,"
            " 'mean of ' || concept, moment, avg(value) from fact"
            " where concept in ('platelets', 'creatinine', 'bilirubin_total') group by all",
            "delete from fact where concept in ('platelets', 'creatinine', 'bilirubin_total')",
            "update fact set concept = concept[9:] where concept like 'mean of %'",
        ),
    ),
    Choice(
        "rows_of_the_stay_only",
        "only charted rows that carry the number of the stay count, and gases near it",
        ("respiration", "cardiovascular", "cns", "renal"),
        ("create or replace table own_rows as select true as only_own",),
    ),
)

_WEIGHTS = """
create or replace table weights as
with charted as (
    select icustay_id as patient_id, charttime::timestamp as moment, valuenum::double as value,
        itemid in ('762', '226512') as at_admission
    from source.chartevents
    where itemid in ('762', '226512', '763', '224639') and valuenum::double > 0
        and icustay_id is not null and coalesce(error, '0') <> '1'
),
placed as (
    select charted.patient_id, value, intime,
        if(at_admission and row_number() over (
            partition by charted.patient_id, at_admission order by moment
        ) = 1, intime - interval 2 hours, moment) as moment
    from charted join stays on stays.icustay_id::varchar = charted.patient_id
)
select patient_id, moment, value from placed
union all
select patient_id, any_value(intime) - interval 2 hours, arg_min(value, moment)
from placed group by patient_id having min(moment) > any_value(intime)
"""
STAGING = (
    Choice(
        "creatinine_of_the_stay_only",
        "creatinine counts from 6 h before intensive care to its seventh day",
        ("aki_stage_creat",),
        (
            "delete from fact where concept = 'creatinine' and (patient_id, moment) not in ("
            "select f.patient_id, f.moment from fact f join stays s"
            " on s.icustay_id::varchar = f.patient_id and f.moment between"
            " s.intime - interval 6 hours and s.intime + interval 7 days)",
        ),
    ),
    Choice(
        "weight_by_its_type",
        "the first admission weight holds from 2 h before the stay, also if charted later and also"
        " before a daily weight; weights of the stay only; the first one from the start",
        ("aki_stage_uo",),
        (
            _WEIGHTS,
            "delete from fact where concept = 'weight'",
            "insert into fact (patient_id, concept, moment, value)"
            " select patient_id, 'weight', moment, value from weights",
        ),
    ),
    Choice(
        "one_arrival_a_stay",
        "a stay begins once; a move to another unit of intensive care begins none",
        ("aki_stage_uo",),
        (
            "delete from fact where concept = 'icu_admission'",
            "insert into fact (patient_id, concept, moment, value)"
            " select icustay_id::varchar, 'icu_admission', intime, 1 from stays",
        ),
    ),
    Choice(
        "entry_of_5_litres_left_out",
        "an entry of urine of 5 L or more does not count",
        ("aki_stage_uo",),
        ("delete from fact where concept in ('urine_output', 'irrigant_in') and value >= 5000",),
    ),
    Choice(
        "urine_of_the_stay_only",
        "only urine that carries the number of the stay counts",
        ("aki_stage_uo",),
        (
            "delete from fact where concept in ('urine_output', 'irrigant_in')"
            " and (patient_id, moment) not in (select icustay_id, charttime::timestamp"
            " from source.outputevents where icustay_id is not null)",
        ),
    ),
    Choice(
        "implausible_value_counts",
        "a value outside our plausible range counts",
        ("aki_stage_creat", "aki_stage_uo"),
        (
            "insert into fact (patient_id, concept, moment, value)"
            " select s.icustay_id::varchar, concept, moment, value from unscored join stays s"
            " using (patient_id) where reason = 'implausible' and value is not null",
        ),
    ),
)
