"""Faults that were planted are found and called by their names; healthy trainings raise no alarm.

One seed of each here, and both shares of dead units; ``tools/monitor_faults.py`` runs twenty.
"""

import pytest
from faults import DEAD_SHARES, FAULTS, HEALTHY, WIDTH, alarms, report_of

CASES = [(name, 0) for name in FAULTS] + [("dead by bias", 1)]


@pytest.mark.parametrize(("name", "seed"), CASES)
def test_a_planted_fault_is_found_with_its_cause(name, seed):
    fault = FAULTS[name]
    findings = report_of(fault.make(seed, True), fault.steps).findings
    assert fault.found(findings), [str(finding) for finding in findings]


@pytest.mark.parametrize("name", FAULTS)
def test_its_healthy_twin_has_nothing_above_a_note(name):
    fault = FAULTS[name]
    findings = report_of(fault.make(0, False), fault.steps).findings
    assert [str(finding) for finding in alarms(findings)] == []


@pytest.mark.parametrize("name", HEALTHY)
def test_what_others_call_sick_raises_no_alarm(name):
    findings = report_of(HEALTHY[name](0), 40).findings
    assert [str(finding) for finding in alarms(findings)] == []


@pytest.mark.parametrize("seed", range(len(DEAD_SHARES)))
def test_the_share_of_dead_units_is_exact(seed):
    report = report_of(FAULTS["dead by bias"].make(seed, True), 10)
    died_by_themselves = 2 / WIDTH
    planted = DEAD_SHARES[seed]
    assert planted <= report.places["3"].dead <= planted + died_by_themselves
    assert report.units["3"]["dead"].mean() == report.places["3"].dead


def test_vanishing_is_found_before_the_loss_stands_still():
    """At the first measured step, of a training that never gets anywhere."""
    fault = FAULTS["eight sigmoids"]
    training = fault.make(0, True)
    findings = fault.found(report_of(training, 10).findings)
    assert [finding.since for finding in findings] == [0]
