"""The tables of the registry: one description of the files, their columns, and what they refer to.

Reading, checking, writing and docs/fleet.md all come from it. A file is called as its table, `machines.csv`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from snowtrack.fleet.cells import (
    CLOCK,
    CODE,
    DAY,
    ID,
    INSTANT,
    MAILS,
    NO,
    TEXT,
    URL,
    YES,
    YES_NO,
    Cell,
    number,
    several,
    words,
)
from snowtrack.model.fleet import Manages
from snowtrack.model.machines import FOOTWAY_KINDS, JAPANESE
from snowtrack.store.fleet import Row, Value

FOOTWAY_WORDS = {kind.word for kind in FOOTWAY_KINDS}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file, and of the table behind it (`stored`, where that has another name).

    `refers` is the table whose row this names, together with the agency. What is `private` leaves only when asked for.
    """

    name: str
    japanese: str
    cell: Cell
    means: str = ""
    stored: str = ""
    required: bool = False
    default: Value | Callable[[Row], Value] = None
    refers: str = ""
    private: bool = False

    @property
    def key(self) -> str:
        """Its name in rows and in the database."""
        return self.stored or self.name

    def default_of(self, row: Row) -> Value:
        """What an empty cell means."""
        return self.default(row) if callable(self.default) else self.default


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows are told apart by the first `keys` columns. With `listed`, all rows that share so many first columns are one
    list, which a file gives as a whole."""

    name: str
    japanese: str
    means: str
    keys: int
    columns: tuple[Column, ...]
    listed: int = 0
    private: bool = False

    @property
    def file(self) -> str:
        return f"{self.name}.csv"

    @property
    def key_columns(self) -> tuple[Column, ...]:
        return self.columns[: self.keys]

    def key_of(self, row: Row) -> tuple[Value, ...]:
        return tuple(row[column.key] for column in self.key_columns)

    def key_text(self, key: tuple[Value, ...]) -> str:
        """A key as people read it."""
        return "/".join(column.cell.write(value) for column, value in zip(self.key_columns, key, strict=True))


def _agency() -> Column:
    return Column("agency", "管理者番号", ID, "the road manager", required=True, refers="agencies")


def _contractor() -> Column:
    return Column("contractor", "業者番号", CODE, "whose it is, or who does it", refers="contractors")


def _machine(**more: Any) -> Column:  # noqa: ANN401 - what a column takes
    return Column("machine", "機械番号", CODE, refers="machines", **more)


KIND = words({kind.word: (kind.word, japanese) for kind, japanese in JAPANESE.items()})
MANAGES = words(
    {
        Manages.NATION.value: ("nation", "国"),
        Manages.PREFECTURE.value: ("prefecture", "県"),
        Manages.MUNICIPALITY.value: ("municipality", "市町", "市町村", "市", "町", "村"),
        Manages.OTHERS.value: ("others", "その他"),
        Manages.NOTHING.value: ("nothing", "なし"),
    }
)
FOOTWAYS = words({True: ("yes", "歩道", *YES), False: ("no", "車道", *NO)})
OWNER = words({"lent": ("lent", "貸与"), "own": ("own", "持込", "持ち込み")})
MEASURE = words(
    {"depth": ("depth", "積雪深"), "new_1h": ("new_1h", "1時間降雪量"), "new_24h": ("new_24h", "24時間降雪量")}
)
DIRECTION = words({0: ("both", "両方向"), 1: ("along", "順方向"), -1: ("against", "逆方向")})
BLADE = number(0, 10, "metres", scale=1000)
CENTIMETRES = number(0, 1000, "centimetres", scale=10)
LATITUDE = number(20, 46, "degrees of latitude in Japan", scale=10**7)
LONGITUDE = number(122, 154, "degrees of longitude in Japan", scale=10**7)

TABLES = (
    Table(
        name="agencies",
        japanese="道路管理者",
        means="Road managers, and which roads are theirs.",
        keys=1,
        columns=(
            Column("agency", "管理者番号", ID, "as in the topics of its trackers", required=True),
            Column("name", "名称", TEXT, required=True),
            Column("manages", "管理道路", MANAGES, "whose roads it clears", required=True),
            Column("districts", "工区", several(TEXT), "only in these districts of the network", default=()),
            Column("shares_passes", "作業共有", YES_NO, "its passes count on others' roads", default=False),
            Column("shares_states", "状態共有", YES_NO, "others may see its roads as they are now", default=False),
        ),
    ),
    Table(
        name="contractors",
        japanese="除雪業者",
        means="Firms that clear for an agency.",
        keys=2,
        columns=(
            _agency(),
            Column("contractor", "業者番号", CODE, required=True),
            Column("name", "業者名", TEXT, required=True),
        ),
    ),
    Table(
        name="machines",
        japanese="除雪機械",
        means="What ploughs, spreads or patrols.",
        keys=2,
        columns=(
            _agency(),
            Column("machine", "機械番号", CODE, required=True),
            Column("kind", "種別", KIND, required=True),
            Column("class", "規格", TEXT, "such as 3.7m or 13t"),
            Column("blade_m", "ブレード幅", BLADE, stored="blade_mm"),
            Column(
                "footways", "車道歩道", FOOTWAYS, "works on footways; empty: as its kind does (小形除雪車: yes)",
                default=lambda row: row.get("kind") in FOOTWAY_WORDS,
            ),
            Column("owner", "貸与持込", OWNER, "lent by the agency, or the contractor's own"),
            Column("plate", "車両番号", TEXT),
            _contractor(),
        ),
    ),
    Table(
        name="operators",
        japanese="運転手",
        means="Who drives: personal data, exported only with `--personal`.",
        keys=3,
        private=True,
        columns=(
            _agency(),
            Column("operator", "運転手番号", CODE, required=True),
            Column("valid_from", "開始日", DAY, "the first day", required=True),
            Column("valid_to", "終了日", DAY, "the last day; empty: until further notice"),
            Column("name", "氏名", TEXT, required=True),
            _contractor(),
        ),
    ),
    Table(
        name="devices",
        japanese="端末",
        means="Which machine carries a tracker, and when.",
        keys=3,
        columns=(
            _agency(),
            Column("device", "端末番号", ID, "as in its topics", required=True),
            Column("valid_from", "開始日時", INSTANT, "from this instant on", required=True),
            Column("valid_to", "終了日時", INSTANT, "until before this one; empty: until further notice"),
            _machine(required=True),
        ),
    ),
    Table(
        name="sensors",
        japanese="積雪深計",
        means="Snow-depth sensors.",
        keys=2,
        columns=(
            _agency(),
            Column("sensor", "計器番号", ID, "as in its topic", required=True),
            Column("name", "名称", TEXT, required=True),
            Column("lat", "緯度", LATITUDE, stored="lat_e7", required=True),
            Column("lon", "経度", LONGITUDE, stored="lon_e7", required=True),
            Column("elevation_m", "標高", number(-100, 4000, "metres")),
        ),
    ),
    Table(
        name="alerts",
        japanese="警報",
        means="Whom to tell when snow passes a mark.",
        keys=2,
        columns=(
            _agency(),
            Column("rule", "警報番号", CODE, required=True),
            Column("sensor", "計器番号", ID, "empty: any of the agency's", refers="sensors"),
            Column("measure", "項目", MEASURE, required=True),
            Column("threshold_cm", "しきい値", CENTIMETRES, "told from here on", stored="threshold_mm", required=True),
            Column("clear_cm", "解除値", CENTIMETRES, "over when it is less", stored="clear_mm", required=True),
            Column("quiet_from", "静穏開始", CLOCK, "nothing is sent from then …"),
            Column("quiet_to", "静穏終了", CLOCK, "… until then"),
            Column("mail", "メール", MAILS, default=(), private=True),
            Column("webhook", "通知先URL", URL, private=True),
        ),
    ),
    Table(
        name="routes",
        japanese="除雪路線",
        means="What is cleared as one.",
        keys=2,
        columns=(
            _agency(),
            Column("route", "路線番号", CODE, required=True),
            Column("name", "路線名", TEXT, required=True),
            Column("district", "工区", TEXT),
            Column("priority", "優先順位", number(0, 9, "1 first (最重点), 0 none"), default=0),
            _contractor(),
            _machine(),
            Column("due_min", "完了目標", number(1, 10_080, "minutes from the order")),
        ),
    ),
    Table(
        name="route_segments",
        japanese="路線区間",
        means="The segments of a route in the order in which they are cleared. A file gives all of a route.",
        keys=3,
        listed=2,
        columns=(
            _agency(),
            Column("route", "路線番号", CODE, required=True, refers="routes"),
            Column("position", "順番", number(1, 1_000_000, "a number"), required=True),
            Column("segment_id", "区間番号", number(0, 2**63 - 1, "a segment of the network"), required=True),
            Column("direction", "方向", DIRECTION, "along its shape or against it", default=0),
        ),
    ),
    Table(
        name="orders",
        japanese="出動指示",
        means="Who was sent where, and when.",
        keys=2,
        columns=(
            _agency(),
            Column("number", "指示番号", CODE, required=True),
            _machine(required=True),
            Column("route", "路線番号", CODE, refers="routes"),
            Column("issued_at", "指示日時", INSTANT, required=True),
            Column("issued_by", "指示者", TEXT, private=True),
            Column("acknowledged_at", "受領日時", INSTANT),
        ),
    ),
)  # fmt: skip
"""Each table stands after those that it refers to."""

BY_NAME = {table.name: table for table in TABLES}
