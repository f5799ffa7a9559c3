"""The choices in which mimic-code's reading of MIMIC-III differs from ours.

Here: each choice with its name, its meaning and what it changes of our facts, for any patients. Not
here: which of them explains what (mimic3_search.py).
"""

from dataclasses import dataclass

from tests.conformance.mimic3_inputs import INPUTS


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of mimic-code, the inputs it touches, and the statements that make it ours."""

    name: str
    meaning: str
    inputs: tuple[str, ...]
    statements: tuple[str, ...]


_CHARTED = ("meanbp_min", "GCS_min", "urineoutput")
_LABS = ("bilirubin_max", "creatinine_max", "platelet_min")
_RATES = tuple(name for name in INPUTS if name.startswith("rate_"))
_RATIOS = tuple(name for name in INPUTS if name.startswith("pao2fio2"))


def _insert(select: str) -> str:
    return f"insert into fact (patient_id, concept, moment, value) {select}"


# CareVue's items of each drug, as mimic-code's *_dose.sql have them.
_CAREVUE = """
create or replace table carevue as
select subject_id as patient_id, charttime::timestamp as moment,
    case
        when itemid in ('30047', '30120') then 'norepinephrine_rate'
        when itemid in ('30044', '30119', '30309') then 'epinephrine_rate'
        when itemid in ('30043', '30307') then 'dopamine_rate'
        else 'dobutamine_rate'
    end as concept,
    max(rate::double) as rate
from source.inputevents_cv
where itemid in (
    '30047', '30120', '30044', '30119', '30309', '30043', '30307', '30042', '30306'
)
group by all
"""
# FiO2 as mimic-code reads it from the chart: 100 % itself is outside its bounds.
_CHARTED_FIO2 = """
select subject_id, charttime::timestamp from source.chartevents
where itemid in ('3420', '3422', '190', '223835')
"""
# Gases without an inspired fraction of their own, with the last charted one where there is one.
_OWN_FIO2 = """
create or replace table own_fio2 as
with stated as (
    select distinct subject_id as patient_id, charttime::timestamp as moment
    from source.labevents where itemid = '50816'
),
charted as (
    from fact anti join stated using (patient_id, moment) where concept = 'fio2'
),
gas as (
    select distinct patient_id, moment
    from fact anti join stated using (patient_id, moment) where concept = 'pao2'
)
select gas.patient_id, gas.moment, arg_max(charted.value, charted.moment) as value
from gas left join charted on charted.patient_id = gas.patient_id
    and charted.moment between gas.moment - interval 4 hours and gas.moment
group by all
"""
CHOICES = (
    Choice(
        "implausible_value_counts",
        "a value outside our plausible range counts",
        (*_CHARTED, *_LABS, *_RATES, *_RATIOS),
        (
            _insert(
                "select patient_id, concept, moment, value from unscored"
                " where reason = 'implausible' and value is not null"
            ),
        ),
    ),
    Choice(
        "charted_far_ahead_counts",
        "a value charted more than an hour before its own time counts",
        (*_CHARTED, *_RATIOS),
        (
            _insert(
                "select patient_id,"
                " if(concept = 'gcs_verbal' and value is null, 'gcs_verbal_untestable', concept),"
                " moment, coalesce(value, 1) from unscored where reason = 'future'"
            ),
        ),
    ),
    Choice(
        "superseded_value_counts",
        "a value that was stored again with another number counts beside it",
        (*_CHARTED, *_LABS, *_RATIOS),
        (_insert("select patient_id, concept, moment, value from superseded"),),
    ),
    Choice(
        "zero_is_no_result",
        "a laboratory result of 0 is none",
        _LABS,
        ("delete from fact where value <= 0",),
    ),
    Choice(
        "empty_row_is_normal",
        "a row of the coma scale without a value stands for normal signs",
        ("GCS_min",),
        (
            _insert(
                "select subject_id, 'gcs_empty', charttime::timestamp, 0 from source.chartevents"
                " where value is null and coalesce(error, '0') <> '1' and itemid in"
                " ('184', '454', '723', '223900', '223901', '220739')"
            ),
        ),
    ),
    Choice(
        "last_digits_of_a_rate_count",
        "a rate of 0.1000000015, as a float holds 0.1, is above 0.1",
        _RATES,
        ("update fact set value = value + 1e-6 where value > round(value, 6)",),
    ),
    Choice(
        "carevue_row_without_rate_ends_it",
        "a CareVue row of the drug that states no rate ends the rate before it",
        _RATES,
        (
            _CAREVUE,
            _insert("select patient_id, concept, moment, 0 from carevue where rate is null"),
        ),
    ),
    Choice(
        "carevue_last_row_has_no_duration",
        "the last CareVue row of a drug runs for no time, since no row says until when",
        _RATES,
        (
            _CAREVUE,
            "update fact set value = 0 from (select patient_id, concept, max(moment) as moment"
            " from carevue group by all) l where l.patient_id = fact.patient_id"
            " and l.concept = fact.concept and l.moment = fact.moment",
        ),
    ),
    Choice(
        "infusion_beyond_look_back",
        "an unchanged infusion counts for longer than the 24 h that we take a rate's word for",
        _RATES,
        ("create or replace table look_back as select interval 1000 days",),
    ),
    Choice(
        "charted_gas_left_out",
        "a gas that nurses charted and the laboratory did not send as arterial does not count",
        _RATIOS,
        (
            "delete from fact where concept = 'pao2' and (patient_id, moment) not in ("
            "select subject_id, charttime::timestamp from source.labevents"
            " where itemid in ('50800', '50821') group by all"
            " having bool_or(itemid = '50821')"
            " and list(value) filter (itemid = '50800') = ['ART'])",
        ),
    ),
    Choice(
        "arterial_by_prediction",
        "a gas whose specimen is not stated as arterial counts where a regression says so",
        _RATIOS,
        (
            _insert(
                "select l.subject_id, 'pao2', l.charttime::timestamp, avg(l.valuenum::double)"
                " from source.labevents l join reference.pivoted_bg_art b"
                " on b.hadm_id = try_cast(l.hadm_id as bigint)"
                " and b.charttime = l.charttime::timestamp"
                " where l.itemid = '50821' and b.specimen is distinct from 'ART' group by all"
            ),
        ),
    ),
    Choice(
        "charted_fio2_of_100_left_out",
        "a charted inspired fraction of 100 % does not count (valuenum < 100, < 1)",
        _RATIOS,
        (
            "delete from fact where concept = 'fio2' and value >= 100"  # noqa: S608
            f" and (patient_id, moment) in ({_CHARTED_FIO2})",
        ),
    ),
    Choice(
        "laboratory_peep_is_no_sign",
        "a pressure stated with a blood gas is no sign of a ventilator",
        _RATIOS,
        (
            "delete from fact where concept = 'peep' and (patient_id, moment) not in (select"
            " subject_id, charttime::timestamp from source.chartevents"
            " where itemid in ('506', '220339'))",
        ),
    ),
    Choice(
        "endotracheal_tube_is_no_ventilator",
        "the device `Endotracheal tube` (MetaVision) is no sign of a ventilator",
        _RATIOS,
        (
            "delete from fact where concept = 'oxygen_device' and value = 12"
            " and (patient_id, moment) not in (select subject_id, charttime::timestamp"
            " from source.chartevents where itemid = '467' and value = 'Ventilator')",
        ),
    ),
    Choice(
        "second_oxygen_device_left_out",
        "an oxygen device charted as a second one (468) ends no ventilation",
        _RATIOS,
        (
            "delete from fact where concept = 'oxygen_device' and (patient_id, moment) not in"
            " (select subject_id, charttime::timestamp from source.chartevents"
            " where itemid in ('467', '226732'))",
        ),
    ),
    Choice(
        "other_fio2_items_left_out",
        "an inspired fraction of another charted item (727, Vision FiO2) does not count",
        _RATIOS,
        (
            "delete from fact where concept = 'fio2' and (patient_id, moment) not in"  # noqa: S608
            f" ({_CHARTED_FIO2}) and (patient_id, moment) not in (select subject_id,"
            " charttime::timestamp from source.labevents where itemid = '50816')",
        ),
    ),
    Choice(
        "fio2_of_another_gas_left_out",
        "the inspired fraction that a laboratory stated with one gas does not count for another",
        _RATIOS,
        (
            _OWN_FIO2,
            "delete from fact where concept = 'pao2' and (patient_id, moment) in"
            " (select patient_id, moment from own_fio2 where value is null)",
            _insert("select patient_id, 'fio2', moment, value from own_fio2 where value > 0"),
        ),
    ),
    Choice(
        "laboratory_fio2_first",
        "the gas's own inspired fraction counts, whatever was charted at the same time",
        _RATIOS,
        (
            "delete from fact where concept = 'fio2' and (patient_id, moment, value) not in ("
            "select subject_id, charttime::timestamp, valuenum::double from source.labevents"
            " where itemid = '50816' and valuenum is not null)"
            " and (patient_id, moment) in (select subject_id, charttime::timestamp"
            " from source.labevents where itemid = '50816' and valuenum::double"
            " between 20 and 100)",
        ),
    ),
)
