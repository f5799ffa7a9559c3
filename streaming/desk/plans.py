"""Plans as they are stored with a case: whom it asks, and when.

Here: a plan as JSON and back, and what a case asks of its plan. Not here: how a plan is made
(clinical/routing), or when (planning.py).

A case keeps the plan by which it began to ask: changed routes are for those asked after the change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from clinical.routing import Plan, Step, Target


def is_quiet(plan: Plan) -> bool:
    """Whether nobody is told for now, nor later by the plan itself."""
    return plan.verdict in {"inhibited", "silenced"}


def step_of(plan: Plan, number: int) -> Step | None:
    """A step; after the chain's end its last one again. None where nobody is told."""
    return plan.steps[min(number, len(plan.steps) - 1)] if plan.steps else None


def told_at(plan: Plan, number: int) -> tuple[str, ...]:
    """Whom a step tells, by name; the role where nobody has it."""
    step = step_of(plan, number)
    return () if step is None else tuple(one.person or one.role for one in step.targets)


def avoiding(plan: Plan, receiver: str, others: Sequence[str]) -> Plan:
    """The plan without a receiver: whoever it alone would tell is told by the others instead."""

    def moved(target: Target) -> Target:
        left = tuple(name for name in target.receivers if name != receiver)
        return replace(target, receivers=left or tuple(others) or target.receivers)

    steps = (replace(step, targets=tuple(map(moved, step.targets))) for step in plan.steps)
    return replace(plan, steps=tuple(steps))


def plan_columns(plan: Plan) -> dict[str, Any]:
    """The columns of `cases` that say what a plan is."""
    stored = {
        "verdict": plan.verdict,
        "why": plan.why,
        "path": plan.path,
        "steps": [_step_json(step) for step in plan.steps],
        "repeat": plan.repeat.total_seconds(),
        "until": plan.until,
        "by": plan.by,
    }
    return {"plan": stored, "quiet": is_quiet(plan)}


def plan_of(stored: Mapping[str, Any]) -> Plan:
    """A plan that was stored."""
    until = stored["until"]
    return Plan(
        steps=tuple(_step(number, one) for number, one in enumerate(stored["steps"])),
        verdict=stored["verdict"],
        why=stored["why"],
        path=tuple(stored["path"]),
        repeat=timedelta(seconds=stored["repeat"]),
        until=None if until is None else datetime.fromisoformat(until),
        by=stored["by"],
    )


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "after": step.after.total_seconds(),
        "targets": [asdict(target) for target in step.targets],
    }


def _step(number: int, stored: Mapping[str, Any]) -> Step:
    targets = (Target(**{**one, "receivers": tuple(one["receivers"])}) for one in stored["targets"])
    return Step(number, timedelta(seconds=stored["after"]), tuple(targets))
