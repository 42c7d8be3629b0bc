"""From what was measured to findings: what is beyond its threshold, why, and what may help."""

from __future__ import annotations

from ogive.monitor.causes import cause_of
from ogive.monitor.course import Course
from ogive.monitor.finding import SEVERITIES, HealthFinding
from ogive.monitor.prescriptions import remedy_for
from ogive.monitor.symptoms import symptoms


def diagnose(course: Course, parameters: dict[tuple[str, str], str]) -> tuple[HealthFinding, ...]:
    """The findings, the most serious first, then those of earlier places.

    Args:
        parameters: the names of learned parameters in the model, by place and parameter.
    """
    found = []
    for symptom in symptoms(course):
        cause = cause_of(symptom, course)
        found.append(
            HealthFinding(
                kind=symptom.kind,
                place=symptom.place,
                severity=symptom.severity,
                share=float(symptom.share),
                evidence={name: float(value) for name, value in symptom.evidence.items()},
                cause=cause,
                since=symptom.since,
                remedy=remedy_for(symptom, cause, course, parameters),
                entry=symptom.entry,
            )
        )
    return tuple(sorted(found, key=lambda f: -SEVERITIES.index(f.severity)))
