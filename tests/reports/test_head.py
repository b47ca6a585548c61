"""The head of the report: what is registered once, or machine by machine; and nothing where nothing is."""

import pytest

from snowtrack.model.machines import JAPANESE, MachineKind
from snowtrack.reports.head import HEAD_FIELDS, Carrier, Order, Registered
from tests.oracles.workdays import MINUTE, START, carrier

NOON = START + 12 * 60 * MINUTE


def head(*carriers: Carrier, snow: tuple[int, ...] = ()) -> dict[str, str | None]:
    return Registered(agency="金沢市", carriers=carriers, new_snow_mm=snow).head()


def test_a_machine_of_which_all_is_registered() -> None:
    orders = (Order(number="O-7", issued_us=START + 5 * MINUTE), Order(number="O-8", issued_us=NOON))
    said = head(carrier(orders=orders, districts=("東", "西")), snow=(120,))
    assert said == {
        "contractor": "白山建設（株）",
        "district": "東、西",
        "contract": None,
        "order": "O-7（00:05）、O-8（12:00）",
        "machine": "除雪グレーダ / 3.7m / GR-01 / 金沢 000 る 12 / 貸与",
        "operator": None,
        "assistant": None,
        "weather": None,
        "snow": "降雪深 12 cm（計器1基）",
    }
    assert tuple(said) == HEAD_FIELDS


def test_a_machine_of_which_little_is_registered() -> None:
    little = carrier(size=None, plate=None, owner="own", contractor=None, districts=())
    known = {field: text for field, text in head(little).items() if text is not None}
    assert known == {"machine": "除雪グレーダ / ― / GR-01 / ― / 持込"}


def test_of_two_machines_both_are_named_and_what_differs_is_said_of_each() -> None:
    said = head(carrier(to_us=NOON), carrier("GR-02", from_us=NOON, contractor="犀川土木", districts=()))
    assert (said["machine"] or "").split("\n") == [
        "除雪グレーダ / 3.7m / GR-01 / 金沢 000 る 12 / 貸与（12:00まで）",
        "除雪グレーダ / 3.7m / GR-02 / 金沢 000 る 12 / 貸与（12:00から）",
    ]
    assert said["contractor"] == "GR-01（12:00まで）：白山建設（株）\nGR-02（12:00から）：犀川土木"
    assert said["district"] == "GR-01（12:00まで）：東\nGR-02（12:00から）：未登録"
    assert said["order"] is None


def test_what_holds_for_both_machines_is_said_once() -> None:
    said = head(carrier(to_us=NOON), carrier("GR-02", from_us=NOON))
    assert (said["contractor"], said["district"]) == ("白山建設（株）", "東")


def test_a_machine_that_carried_it_for_a_part_of_the_day_says_so() -> None:
    said = head(carrier(from_us=NOON, to_us=NOON + MINUTE))
    assert (said["machine"] or "").endswith("貸与（12:00から12:01まで）")
    assert said["contractor"] == "白山建設（株）"


@pytest.mark.parametrize("kind", JAPANESE)
def test_each_kind_has_its_name(kind: MachineKind) -> None:
    assert (head(carrier(kind=kind))["machine"] or "").startswith(f"{JAPANESE[kind]} / ")


@pytest.mark.parametrize(
    ("fallen_mm", "said"),
    [((0,), "0"), ((124, 117), "12"), ((4, 126, 60), "0–13")],
)
def test_snow_is_told_in_whole_centimetres(fallen_mm: tuple[int, ...], said: str) -> None:
    assert head(carrier(), snow=fallen_mm)["snow"] == f"降雪深 {said} cm（計器{len(fallen_mm)}基）"
