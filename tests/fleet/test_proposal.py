"""What the registry would be with some files in it."""

from hypothesis import given

from snowtrack.fleet.changes import changes_of
from snowtrack.fleet.checks import check
from snowtrack.fleet.proposal import Registry, propose
from snowtrack.fleet.tables import TABLES
from tests.fleet.registries import empty, registries, sheet_of, written

KEYS = "agency,machine,kind\n"
ROUTE = "agency,route,position,segment_id\n"


@given(registries())
def test_what_was_exported_changes_nothing_when_it_is_imported(registry: Registry) -> None:
    proposal = propose(registry, written(registry))
    assert check(proposal, lambda segments: [True] * len(segments)) == []
    assert proposal.after == registry
    assert not [change for change in changes_of(proposal) if change.saved or change.removed]


@given(registries())
def test_what_was_exported_makes_the_same_registry_in_an_empty_one(registry: Registry) -> None:
    proposal = propose(empty(), written(registry))
    assert check(proposal) == []
    assert proposal.after == registry


@given(registries())
def test_an_export_without_what_is_private_leaves_it_as_it_was(registry: Registry) -> None:
    sheets = [sheet for sheet in written(registry, private=False) if not sheet.table.private]
    assert not any("氏名" in sheet.headers.values() or "issued_by" in sheet.headers for sheet in sheets)
    proposal = propose(registry, sheets)
    assert check(proposal) == []
    assert proposal.after == registry


@given(registries(), registries())
def test_rows_that_no_file_names_stay(before: Registry, brought: Registry) -> None:
    after = propose(before, written(brought)).after
    for table in TABLES:
        assert {key: after[table.name][key] for key in brought[table.name]} == brought[table.name]
        kept = before[table.name].keys() - brought[table.name].keys()
        if not table.listed:
            assert {key: after[table.name][key] for key in kept} == {key: before[table.name][key] for key in kept}


def test_an_empty_cell_means_what_its_column_says() -> None:
    sheet = sheet_of("machines", "agency,machine,kind,footways,class\na,1,small,,\na,2,grader,,\na,3,small,車道,\n")
    rows = propose(empty(), [sheet]).after["machines"]
    assert [row["footways"] for row in rows.values()] == [True, False, False]
    assert [row["class"] for row in rows.values()] == [None, None, None]
    agencies = propose(empty(), [sheet_of("agencies", "agency,name,manages\na,A,国\n")]).after["agencies"]
    assert agencies["a",] == {
        "agency": "a",
        "name": "A",
        "manages": "nation",
        "districts": (),
        "shares_passes": False,
        "shares_states": False,
    }  # fmt: skip


def test_an_empty_cell_takes_away_what_a_missing_column_leaves() -> None:
    before = propose(empty(), [sheet_of("machines", "agency,machine,kind,class,plate\na,1,small,13t,1234\n")]).after
    after = propose(before, [sheet_of("machines", "agency,machine,kind,class\na,1,grader,\n")]).after
    row = after["machines"]["a", "1"]
    assert (row["kind"], row["class"], row["plate"], row["footways"]) == ("grader", None, "1234", True)


def test_a_key_twice_in_a_file_is_a_problem_of_the_second_row() -> None:
    text = "agency,device,machine,valid_from\na,d,1,2026-11-01\na,e,1,2026-11-01\na,d,2,2026/11/1 0:00\n"
    proposal = propose(empty(), [sheet_of("devices", text)])
    assert [str(problem) for problem in proposal.problems] == [
        "devices.csv:4: agency, device, valid_from: "
        "a/d/2026-11-01 00:00 stands in devices.csv:2 already; take one of the two rows away"
    ]


def test_the_segments_of_a_route_are_those_that_the_file_gives() -> None:
    before = propose(empty(), [sheet_of("route_segments", f"{ROUTE}a,1,1,10\na,1,2,11\na,2,1,12\n")]).after
    proposal = propose(before, [sheet_of("route_segments", f"{ROUTE}a,1,1,11\n")])
    assert [(key[1:], row["segment_id"]) for key, row in proposal.after["route_segments"].items()] == [
        (("1", 1), 11),
        (("2", 1), 12),
    ]
    (change,) = changes_of(proposal)
    assert [len(part) for part in (change.added, change.changed, change.removed)] == [0, 1, 1]


def test_a_row_with_a_problem_can_be_referred_to_and_brings_nothing() -> None:
    before = propose(empty(), [sheet_of("machines", f"{KEYS}a,1,grader\n")]).after
    proposal = propose(before, [sheet_of("machines", f"{KEYS}a,1,ドーザー\na,2,ドーザー\n")])
    assert proposal.after["machines"] == {}
    assert proposal.named["machines"] == {("a", "1"), ("a", "2")}
    assert before["machines"].keys() == {("a", "1")}
