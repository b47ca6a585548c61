"""Several ingest workers are shown as one."""

from typing import Any

from snowtrack.api.ingests import WORKERS_MAX, Ingests

QUIET: dict[str, Any] = {
    "fixes": 0,
    "broker_fault": None,
    "store_fault": None,
    "freshness_ms": {"p50": None, "p99": None},
}


def test_of_none_nothing_is_known() -> None:
    assert Ingests().figures(0) == {}


def test_totals_are_of_all_and_faults_and_rates_of_those_heard_lately() -> None:
    ingests = Ingests()
    ingests.hear(QUIET | {"worker": 1, "fixes": 10, "fixes_per_s": 5.0, "store_fault": "away", "waiting": 7}, 1.0)
    ingests.hear(QUIET | {"worker": 2, "fixes": 20, "fixes_per_s": 2.5, "rejects": {"no_start": 1}}, 5.0)
    ingests.hear(QUIET | {"worker": 3, "fixes": 30, "rejects": {"no_start": 2}, "waiting": 1}, 6.0)
    everyone, lately = ingests.figures(0.0), ingests.figures(4.0)
    assert (everyone["workers"], everyone["fixes"], everyone["fixes_per_s"], everyone["waiting"]) == (3, 60, 7.5, 8)
    assert everyone["store_fault"] == "away"
    assert (lately["workers"], lately["fixes"], lately["fixes_per_s"], lately["waiting"]) == (2, 60, 2.5, 1)
    assert lately["store_fault"] is None
    assert lately["rejects"] == {"no_start": 3}


def test_the_worst_freshness_is_said() -> None:
    ingests = Ingests()
    for worker, p99 in ((1, 80.0), (2, 300.0), (3, None)):
        ingests.hear(QUIET | {"worker": worker, "freshness_ms": {"p50": 1.0, "p99": p99}}, 1.0)
    assert ingests.figures(0)["freshness_ms"] == {"p50": 1.0, "p99": 300.0}


def test_what_a_worker_says_takes_the_place_of_what_it_said() -> None:
    ingests = Ingests()
    for fixes in (1, 2, 3):
        ingests.hear(QUIET | {"worker": 1, "fixes": fixes}, float(fixes))
    assert ingests.figures(0)["fixes"] == 3


def test_no_more_workers_are_kept_than_there_may_be() -> None:
    ingests = Ingests()
    for worker in range(WORKERS_MAX + 5):
        ingests.hear(QUIET | {"worker": worker, "fixes": 1}, 1.0)
    assert ingests.figures(0)["fixes"] == WORKERS_MAX
