"""The indicators, each defined once: what it is called, how it is computed, from what, and whom it serves.

Files for offices, the API and docs/indicators.md say what stands here.
"""

from snowtrack.indicators.figures import Definition, Whose

PEOPLE_H, PROPOSAL_H = 24, 2


_COVERAGE = "除雪路線の網羅率 (県); 除雪計画の見直し (金沢市)"
_LENGTH = "市道除雪延長 (金沢市)"
_ALLOCATION = "応援指示, better allocation (金沢市)"
_SENSOR = "dispatches decided by sensor (かほく市)"
_SETTLEMENT = "日報, 精算書類 (金沢市)"
_PLANNED = "route, route_segment, network, policy"
_CREDITED = "pass, mounting, machine, agency"

PLANNED = Definition(
    key="planned_length",
    japanese="計画延長",
    unit="km",
    means="Length of all routes: each direction of a segment that has to be worked, once for an agency however many of"
    " its routes have it.",
    japanese_means="除雪路線の延長。往復とも作業する道路は方向別に数え、同じ管理者の複数の路線にあっても1回とする。",
    numerator="mm planned",
    denominator="1",
    sources=_PLANNED,
    serves=_COVERAGE,
    whose=Whose.ROUTES,
    scale=1e-6,
)
COVERAGE = Definition(
    key="coverage",
    japanese="網羅率",
    unit="%",
    means="Share of the planned length over which a credited machine ploughed or spread at least once in the period:"
    " work that the system saw.",
    japanese_means="計画延長のうち、期間中に登録端末を付けた機械の除雪または散布を1回以上確認できた延長の割合。",
    numerator="mm seen worked",
    denominator="mm planned",
    sources=f"{_PLANNED}, {_CREDITED}",
    serves=_COVERAGE,
    whose=Whose.ROUTES,
    scale=100,
    digits=1,
)
VISIBILITY = Definition(
    key="visibility",
    japanese="可視化率",
    unit="%",
    means="Share of the planned length that is on a route whose machine carried a tracker at some time in the period:"
    " work that the system would see.",
    japanese_means="計画延長のうち、担当機械に期間中いずれかの時点で端末が付いていた路線の延長の割合。",
    numerator="mm on such routes",
    denominator="mm planned",
    sources=f"{_PLANNED}, mounting",
    serves=_COVERAGE,
    whose=Whose.ROUTES,
    scale=100,
    digits=1,
)
CLEARED = Definition(
    key="cleared_length",
    japanese="除雪延長",
    unit="km",
    means="Length of all credited ploughing passes that ended in the period, each time counted.",
    japanese_means="期間中に終わった除雪の延長の合計（同じ区間も作業のたびに数える）。",
    numerator="mm ploughed",
    denominator="1",
    sources=_CREDITED,
    serves=_LENGTH,
    whose=Whose.ROADS,
    scale=1e-6,
)
CLEARED_BY_HOUR = Definition(
    key="cleared_length_by_hour",
    japanese="級別・時間帯別除雪延長",
    unit="km",
    means="The same by class of road and hour of the day in Japan; a pass counts in the hour in which it ended.",
    japanese_means="除雪延長の道路種別・時間帯別内訳（日本時間。作業が終わった時間帯に数える）。",
    numerator="mm ploughed",
    denominator="1",
    sources=f"{_CREDITED}, network",
    serves=_LENGTH,
    whose=Whose.ROADS,
    of="class and hour",
    scale=1e-6,
)
FIRST = Definition(
    key="first_cleared_length",
    japanese="初回除雪延長",
    unit="km",
    means="Of that, what was ploughed for the first time in its snow event, each direction that counts by itself;"
    " passes whose direction is not known are left out where directions count.",
    japanese_means="除雪延長のうち、その降雪事象で初めて除雪した延長（往復とも作業する道路は方向別）。",
    numerator="mm first ploughed",
    denominator="1",
    sources=f"{_CREDITED}, activity, event_entry, policy",
    serves=_LENGTH,
    whose=Whose.ROADS,
    scale=1e-6,
)
FIRST_BY_HOUR = Definition(
    key="first_cleared_length_by_hour",
    japanese="級別・時間帯別初回除雪延長",
    unit="km",
    means="The same by class of road and hour of the day in Japan.",
    japanese_means="初回除雪延長の道路種別・時間帯別内訳（日本時間）。",
    numerator="mm first ploughed",
    denominator="1",
    sources=f"{_CREDITED}, activity, event_entry, policy, network",
    serves=_LENGTH,
    whose=Whose.ROADS,
    of="class and hour",
    scale=1e-6,
)
PASSES = Definition(
    key="passes_per_segment",
    japanese="区間あたり除雪回数",
    unit="回",
    means="How often each segment was ploughed that was at all: the length of the credited ploughing passes on it over"
    " its own length, rounded to a whole number, and at least 1. So a drive whose blade was lifted on the way is one,"
    " and so are two that share a segment between them.",
    japanese_means="除雪のあった区間1つあたりの除雪回数。区間の除雪回数は、除雪した延長の合計を区間の延長で割って"
    "四捨五入し、1回に満たないものは1回とする。",
    numerator="passes",
    denominator="segments ploughed",
    sources=_CREDITED,
    serves="除雪計画の見直し (金沢市)",
    whose=Whose.ROADS,
    digits=2,
)
PASSES_MAX = Definition(
    key="passes_of_busiest_segment",
    japanese="最多除雪回数",
    unit="回",
    means="How often the segment was ploughed that was most often, counted like that.",
    japanese_means="除雪回数が最も多い区間の除雪回数（回数の数え方は同じ）。",
    numerator="passes",
    denominator="1",
    sources=_CREDITED,
    serves="除雪計画の見直し (金沢市)",
    whose=Whose.ROADS,
    digits=0,
)
SEGMENTS = Definition(
    key="segments_by_passes",
    japanese="除雪回数別区間数",
    unit="区間",
    means="How many segments were ploughed so often, counted like that.",
    japanese_means="除雪回数ごとの区間数（回数の数え方は同じ）。",
    numerator="segments",
    denominator="1",
    sources=_CREDITED,
    serves="除雪計画の見直し (金沢市)",
    whose=Whose.ROADS,
    of="passes",
    digits=0,
)
SPREAD = Definition(
    key="spread_length",
    japanese="散布延長",
    unit="km",
    means="Length of all credited spreading passes that ended in the period.",
    japanese_means="期間中に終わった凍結防止剤散布の延長の合計。",
    numerator="mm spread",
    denominator="1",
    sources=_CREDITED,
    serves=_SETTLEMENT,
    whose=Whose.ROADS,
    scale=1e-6,
)
MATERIAL = Definition(
    key="material",
    japanese="散布量",
    unit="kg",
    means="What was spread on these passes, as far as it is known.",
    japanese_means="散布量が分かる作業の凍結防止剤の合計。",
    numerator="g",
    denominator="1",
    sources=_CREDITED,
    serves=_SETTLEMENT,
    whose=Whose.ROADS,
    scale=1e-3,
)
MATERIAL_PER_KM = Definition(
    key="material_per_km",
    japanese="1kmあたり散布量",
    unit="g/km",
    means="The same for each kilometre of the passes of which it is known.",
    japanese_means="散布量が分かる作業の1kmあたりの量。",
    numerator="g",
    denominator="mm of which it is known",
    sources=_CREDITED,
    serves=_SETTLEMENT,
    whose=Whose.ROADS,
    scale=1e6,
    digits=0,
)
MATERIAL_KNOWN = Definition(
    key="material_known",
    japanese="散布量判明率",
    unit="%",
    means="Share of the spread length of which it is known how much was spread.",
    japanese_means="散布延長のうち散布量が分かる延長の割合。",
    numerator="mm of which it is known",
    denominator="mm spread",
    sources=_CREDITED,
    serves=_SETTLEMENT,
    whose=Whose.ROADS,
    scale=100,
    digits=1,
)
AVAILABILITY = Definition(
    key="device_availability",
    japanese="端末稼働率",
    unit="%",
    means="Of the days in Japan on which trackers were on a machine, those on which they were heard: on which they"
    " have a track or an activity. Days that have not begun are left out.",
    japanese_means="端末が機械に付いていた延べ日数のうち、測位のあった延べ日数の割合。",
    numerator="days of trackers heard",
    denominator="days of trackers mounted",
    sources="mounting, track, activity",
    serves="GPS除雪管理システム (県, 金沢市)",
    whose=Whose.MACHINES,
    scale=100,
    digits=1,
)
AVAILABILITY_BY_DAY = Definition(
    key="device_availability_by_day",
    japanese="日別端末稼働率",
    unit="%",
    means="The same for each day.",
    japanese_means="端末稼働率の日別内訳。",
    numerator="trackers heard",
    denominator="trackers mounted",
    sources="mounting, track, activity",
    serves="GPS除雪管理システム (県, 金沢市)",
    whose=Whose.MACHINES,
    of="day",
    scale=100,
    digits=1,
)
HOURS = Definition(
    key="machine_hours",
    japanese="機械時間",
    unit="h",
    means="Time of machines in the period: working 稼働, travelling 回送, standby 待機, parked 駐車. A span counts for"
    " the machine that its tracker was on when it began.",
    japanese_means="期間中の機械の稼働・回送・待機・駐車の時間。",
    numerator="µs",
    denominator="1",
    sources="activity, mounting",
    serves=_SETTLEMENT,
    whose=Whose.MACHINES,
    of="activity",
    scale=1 / 3_600_000_000,
    digits=2,
)
ORDERS = Definition(
    key="orders",
    japanese="出動指示",
    unit="件",
    means="Orders that were issued in the period.",
    japanese_means="期間中に出された出動指示の件数。",
    numerator="orders",
    denominator="1",
    sources="work_order",
    serves=_ALLOCATION,
    whose=Whose.MACHINES,
    digits=0,
)
RESPONSE_MEDIAN = Definition(
    key="response_median",
    japanese="指示から除雪開始まで（中央値）",
    unit="分",
    means="Time from an order to the beginning of the first credited ploughing pass of its machine, of a spreader also"
    f" spreading pass, within {PEOPLE_H} h: the median over orders that have one, of two the lower.",
    japanese_means="出動指示から、その機械の最初の除雪（散布車は散布を含む）が始まるまでの時間"
    f"（{PEOPLE_H}時間以内）の中央値。",
    numerator="µs",
    denominator="1 where any order has one",
    sources=f"work_order, {_CREDITED}",
    serves=_ALLOCATION,
    whose=Whose.MACHINES,
    scale=1 / 60_000_000,
    digits=1,
)
RESPONSE_P90 = Definition(
    key="response_p90",
    japanese="指示から除雪開始まで（90%）",
    unit="分",
    means="The time within which nine of ten of them had begun.",
    japanese_means="10件中9件の指示で除雪が始まるまでの時間。",
    numerator="µs",
    denominator="1 where any order has one",
    sources=f"work_order, {_CREDITED}",
    serves=_ALLOCATION,
    whose=Whose.MACHINES,
    scale=1 / 60_000_000,
    digits=1,
)
ORDERS_WITHOUT = Definition(
    key="orders_without_work",
    japanese="除雪のない指示",
    unit="件",
    means=f"Orders whose machine began no credited ploughing pass within {PEOPLE_H} h, a spreader no spreading pass"
    " either; without those that are younger.",
    japanese_means=f"出動指示のうち、{PEOPLE_H}時間以内にその機械の除雪（散布車は散布を含む）がない件数。"
    f"{PEOPLE_H}時間たっていない指示は除く。",
    numerator="orders",
    denominator="1",
    sources=f"work_order, {_CREDITED}",
    serves=_ALLOCATION,
    whose=Whose.MACHINES,
    digits=0,
)
PROPOSALS = Definition(
    key="proposals",
    japanese="積雪深計による出動提案",
    unit="件",
    means="How often the snow at a sensor proposed to go out.",
    japanese_means="積雪深計の新雪が出動基準に達し、出動を提案した回数。",
    numerator="proposals",
    denominator="1",
    sources="proposal",
    serves=_SENSOR,
    whose=Whose.SENSORS,
    digits=0,
)
PROPOSALS_FOLLOWED = Definition(
    key="proposals_followed",
    japanese="提案後の出動率",
    unit="%",
    means=f"Share of them after which a machine of the agency began a credited ploughing pass within {PROPOSAL_H} h;"
    " without those that are younger.",
    japanese_means=f"出動提案のうち、{PROPOSAL_H}時間以内にその管理者の機械が除雪を始めた割合。"
    f"{PROPOSAL_H}時間たっていない提案は除く。",
    numerator="proposals followed",
    denominator="proposals",
    sources=f"proposal, {_CREDITED}",
    serves=_SENSOR,
    whose=Whose.SENSORS,
    scale=100,
    digits=1,
)

DEFINITIONS = (
    PLANNED,
    COVERAGE,
    VISIBILITY,
    CLEARED,
    CLEARED_BY_HOUR,
    FIRST,
    FIRST_BY_HOUR,
    PASSES,
    PASSES_MAX,
    SEGMENTS,
    SPREAD,
    MATERIAL,
    MATERIAL_PER_KM,
    MATERIAL_KNOWN,
    AVAILABILITY,
    AVAILABILITY_BY_DAY,
    HOURS,
    ORDERS,
    RESPONSE_MEDIAN,
    RESPONSE_P90,
    ORDERS_WITHOUT,
    PROPOSALS,
    PROPOSALS_FOLLOWED,
)
