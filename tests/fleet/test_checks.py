"""What must hold in the registry: each fault is told where it stands, with what to do."""

import pytest

from snowtrack.fleet.checks import check
from snowtrack.fleet.proposal import Registry, propose
from tests.fleet.registries import empty, sheet_of

FILES = {
    "agencies": "agency,name,manages,districts\nken,石川県,県,\nshi,雪町,市町,\n",
    "contractors": "agency,contractor,name\nken,C-1,白山\n",
    "machines": "agency,machine,kind,contractor\nken,KG-1,grader,C-1\nken,KG-2,dozer,\nshi,YM-1,small,\n",
    "operators": "agency,operator,name,valid_from,valid_to\nken,U-1,雪野,2026-11-01,2027-03-31\n",
    "devices": "agency,device,machine,valid_from,valid_to\nken,d1,KG-1,2026-11-01,2026-12-01\n",
    "sensors": "agency,sensor,name,lat,lon\nken,s1,役場,36.6,136.7\n",
    "alerts": "agency,rule,sensor,measure,threshold_cm,clear_cm,quiet_from,quiet_to\nken,A-1,s1,depth,9,8,22:00,5:00\n",
    "routes": "agency,route,name,machine,contractor\nken,R-1,大通り,KG-1,C-1\n",
    "route_segments": "agency,route,position,segment_id\nken,R-1,1,10\n",
    "orders": "agency,number,machine,route,issued_at,acknowledged_at\nken,1,KG-1,R-1,2026-12-24 03:00,\n",
}


def found(before: Registry, files: dict[str, str]) -> list[str]:
    """What is wrong with files, where the network has the segments below 100."""
    proposal = propose(before, [sheet_of(name, text) for name, text in files.items()])
    return [str(problem) for problem in check(proposal, lambda segments: [segment < 100 for segment in segments])]


def problems(**added: str) -> list[str]:
    """What is wrong with the files when rows are added to them."""
    return found(empty(), {name: text + added.get(name, "") for name, text in FILES.items()})


def registered() -> Registry:
    return propose(empty(), [sheet_of(name, text) for name, text in FILES.items()]).after


def test_files_that_fit_together_have_no_problem() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("table", "row", "said"),
    [
        ("contractors", "kuni,C-2,x", "agency: there is no kuni in agencies.csv or in the database; add it there"),
        ("machines", "kuni,M,grader,C-1", "agency: there is no kuni in agencies.csv"),
        ("machines", "shi,YM-2,grader,C-1", "contractor: there is no shi/C-1 in contractors.csv"),
        ("operators", "ken,U-2,冬木,2026-11-02,2026-11-01", "valid_to: the last day is before the first"),
        ("operators", "ken,U-1,雪野,2027-03-31,", "valid_from: this operator has another row for the same days (op"),
        ("devices", "ken,d2,YM-1,2026-11-01,", "machine: there is no ken/YM-1 in machines.csv"),
        ("devices", "ken,d2,KG-2,2026-11-02,2026-11-02", "valid_to: it ends before it begins"),
        ("devices", "ken,d1,KG-2,2026-11-30 23:59,", "machine: this device is on KG-1 at the same time (dev"),
        ("devices", "ken,d2,KG-1,2026-11-30 23:59,",
         "device: this machine carries d1 at the same time (devices.csv:2); two trackers would bill its work twice"),
        ("sensors", "ken,s2,x,46.7,136.7", 'lat: "46.7" is no lat; expected degrees of latitude in Japan, 20 to 46'),
        ("alerts", "ken,A-2,s2,depth,10,8,,", "sensor: there is no ken/s2 in sensors.csv"),
        ("alerts", "ken,A-2,,depth,10,10.1,,", "clear_cm: an alert cannot be over above its threshold"),
        ("alerts", "ken,A-2,,depth,0,0,,", "threshold_cm: 0 would be told all the time"),
        ("alerts", "ken,A-2,,depth,10,8,22:00,", "quiet_from: quiet hours have a beginning and an end"),
        ("routes", "ken,R-2,x,KG-9,", "machine: there is no ken/KG-9 in machines.csv"),
        ("route_segments", "ken,R-9,1,10", "route: there is no ken/R-9 in routes.csv"),
        ("route_segments", "ken,R-1,2,100", "segment_id: segment 100 is not in the network"),
        ("orders", "ken,2,KG-1,R-9,2026-12-24 03:00,", "route: there is no ken/R-9 in routes.csv"),
        ("orders", "ken,2,KG-1,,2026-12-24 03:00,2026-12-24 02:59", "acknowledged_at: it was acknowledged before it"),
        ("agencies", "kuni,国,県,", "manages: ken manages the same roads (agencies.csv:2); give each agency districts"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_is_told(table: str, row: str, said: str) -> None:
    (problem,) = problems(**{table: row + "\n"})
    line = FILES[table].count("\n") + 1
    assert problem.startswith(f"{table}.csv:{line}: {said}")


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("devices", "ken,d1,KG-2,2026-12-01,"),
        ("devices", "ken,d1,KG-2,2026-12-01 00:00,2027-03-31"),
        ("devices", "shi,d1,YM-1,2026-11-01,"),
        ("devices", "ken,d2,KG-1,2026-12-01,"),
        ("operators", "ken,U-1,雪野,2027-04-01,"),
        ("operators", "shi,U-1,雪野,2026-11-01,"),
        ("alerts", "ken,A-2,,new_24h,10,10,,"),
        ("agencies", "gyo,業務,なし,"),
        ("agencies", "kuni,国,県,東"),
        ("orders", "ken,2,KG-1,,2026-12-24 03:00,2026-12-24 03:00"),
    ],
)
def test_a_row_that_can_be_is_not(table: str, row: str) -> None:
    assert problems(**{table: row + "\n"}) == []


@pytest.mark.parametrize(
    ("table", "row", "said"),
    [
        (
            "devices",
            "ken,d1,KG-2,2026-11-15,",
            "machine: this device is on KG-1 at the same time (in the database); end",
        ),
        (
            "devices",
            "ken,d2,KG-1,2026-10-01,",
            "device: this machine carries d1 at the same time (in the database); two",
        ),
        ("agencies", "ishi,県,県,", "manages: ken manages the same roads (in the database)"),
        ("agencies", "aken,県,県,", "manages: ken manages the same roads (in the database)"),
    ],
)
def test_rows_are_held_against_the_database(table: str, row: str, said: str) -> None:
    header = FILES[table].partition("\n")[0]
    (problem,) = found(registered(), {table: f"{header}\n{row}\n"})
    assert problem.startswith(f"{table}.csv:2: {said}")


def test_a_file_may_refer_to_the_database_and_end_what_is_there() -> None:
    header = FILES["devices"].partition("\n")[0]
    text = f"{header}\nken,d1,KG-1,2026-11-01,2026-11-10\nken,d9,KG-1,2026-11-10,\n"
    assert found(registered(), {"devices": text}) == []


def test_each_row_within_a_long_one_is_told() -> None:
    added = "ken,d9,KG-2,2026-01-01,2026-10-01\nken,d9,YM,2026-02-01,2026-03-01\nken,d9,YN,2026-04-01,2026-05-01\n"
    machines = "ken,YM,small,\nken,YN,small,\n"
    assert [problem.split("; ")[0] for problem in problems(devices=added, machines=machines)] == [
        "devices.csv:4: machine: this device is on KG-2 at the same time (devices.csv:3)",
        "devices.csv:5: machine: this device is on KG-2 at the same time (devices.csv:3)",
    ]


def test_a_device_twice_on_one_machine_is_one_problem() -> None:
    (problem,) = problems(devices="ken,d1,KG-1,2026-11-15,\n")
    assert problem.startswith("devices.csv:3: machine: this device is on KG-1 at the same time (devices.csv:2)")


def test_any_number_of_agencies_manages_nothing() -> None:
    assert problems(agencies="a,協力,なし,\nb,協力,なし,\n") == []


def test_a_broken_file_makes_no_problems_in_others() -> None:
    texts = FILES | {"machines": "agency,machine,art\n"}
    proposal = propose(empty(), [sheet_of(name, text) for name, text in texts.items()])
    assert [problem.file for problem in check(proposal)] == ["machines.csv", "machines.csv"]


def test_a_row_that_cannot_be_read_makes_no_problems_in_others() -> None:
    texts = FILES | {"machines": FILES["machines"].replace("grader", "ドーザー")}
    proposal = propose(empty(), [sheet_of(name, text) for name, text in texts.items()])
    assert [(problem.file, problem.line) for problem in check(proposal)] == [("machines.csv", 2)]


def test_problems_come_in_the_order_of_files_and_lines() -> None:
    found = problems(
        machines="ken,a/b,grader,\nkuni,M,grader,\n", agencies="x,y,z,\n", devices="ken,d2,KG-1,2026-11-02,\n"
    )
    assert [problem.split(": ")[0] for problem in found] == [
        "agencies.csv:4",
        "machines.csv:5",
        "machines.csv:6",
        "devices.csv:3",
    ]


def test_without_a_network_segments_are_not_looked_up() -> None:
    texts = FILES | {"route_segments": "agency,route,position,segment_id\nken,R-1,1,100\n"}
    assert check(propose(empty(), [sheet_of(name, text) for name, text in texts.items()])) == []


JAPANESE = {
    "agencies": "管理者番号,名称,管理道路\nken,石川県,県\nishi,県,県\n",
    "machines": "管理者番号,機械番号,種別\nken,KG-1,grader\nken,KG-2,dozer\n",
    "devices": "管理者番号,端末番号,機械番号,開始日時\n"
    "ken,d1,KG-1,2026-11-01\nken,d1,KG-2,2026-11-02\nken,d2,KG-9,2026-11-01\n",
}


def test_columns_are_named_as_the_file_names_them() -> None:
    assert found(empty(), JAPANESE) == [
        "agencies.csv:3: 管理道路: ken manages the same roads (agencies.csv:2); give each agency districts of its own, "
        "or let all but one manage nothing",
        "devices.csv:3: 機械番号: this device is on KG-1 at the same time (devices.csv:2); "
        "end the earlier mounting with valid_to 終了日時",
        "devices.csv:4: 機械番号: there is no ken/KG-9 in machines.csv or in the database; add it there",
    ]
    ended = JAPANESE["devices"].replace("開始日時\n", "開始日時,終了日時\n")
    assert "end the earlier mounting with 終了日時" in found(empty(), JAPANESE | {"devices": ended})[1]


def test_a_key_twice_is_told_in_the_columns_of_the_file() -> None:
    twice = JAPANESE["machines"] + "ken,KG-1,dozer\n"
    (problem,) = found(empty(), {"agencies": FILES["agencies"], "machines": twice})
    assert problem.startswith("machines.csv:4: 管理者番号, 機械番号: ken/KG-1 stands in machines.csv:2 already")


def test_a_column_that_cannot_be_hides_no_problem_between_files() -> None:
    machines = "agency,machine,kind,colour\nken,KG-1,grader,red\nken,KG-2,dozer,\nshi,YM-1,small,\nkuni,X,grader,\n"
    devices = FILES["devices"] + "ken,d2,KG-9,2026-11-01,\n"
    assert [
        problem.split(": ")[:2] for problem in found(empty(), FILES | {"machines": machines, "devices": devices})
    ] == [
        ["machines.csv:1", '"colour"'],
        ["machines.csv:5", "agency"],
        ["devices.csv:3", "machine"],
    ]


def test_a_file_without_a_needed_column_makes_no_problems_in_others() -> None:
    for machines in ("agency,machine\nken,KG-1\n", "agency,kind\nken,grader\n"):
        (problem,) = found(empty(), FILES | {"machines": machines})
        assert problem.startswith("machines.csv:1: ")


def test_a_row_whose_key_cannot_be_read_may_be_the_one_that_others_refer_to() -> None:
    machines = FILES["machines"].replace("ken,KG-1", "石川,KG-1").replace("shi,YM-1", "shi,Y/M")
    (one, other) = found(
        empty(), FILES | {"machines": machines, "devices": FILES["devices"] + "shi,d1,YM-1,2026-11-01,\n"}
    )
    assert one.startswith("machines.csv:2: agency: ")
    assert other.startswith("machines.csv:4: machine: ")
    stray = FILES["devices"] + "ken,d9,KG-9,2026-11-01,\n"
    told = found(empty(), FILES | {"machines": machines, "devices": stray})
    assert told[-1].startswith("devices.csv:3: machine: there is no ken/KG-9 in machines.csv")
