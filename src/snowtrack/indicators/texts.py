"""The Japanese words of routes and indicators, in one place; those of each indicator stand in `definitions`."""

from snowtrack.indicators.progress import RouteState, Sure

TITLE = "除雪指標"
HEADERS = ("指標", "指標名", "管理者", "区分", "値", "単位", "分子", "分子の単位", "分母", "分母の単位", "定義")
COUNTED = {
    "1": "",
    "1 where any order has one": "",
    "mm planned": "計画 mm",
    "mm seen worked": "作業確認 mm",
    "mm on such routes": "該当路線 mm",
    "mm ploughed": "除雪 mm",
    "mm first ploughed": "初回除雪 mm",
    "passes": "回",
    "segments": "区間",
    "segments ploughed": "除雪区間",
    "mm spread": "散布 mm",
    "g": "g",
    "mm of which it is known": "散布量判明 mm",
    "days of trackers heard": "測位のあった延べ日",
    "days of trackers mounted": "装着延べ日",
    "trackers heard": "測位のあった端末",
    "trackers mounted": "装着端末",
    "µs": "マイクロ秒",
    "orders": "件",
    "proposals": "件",
    "proposals followed": "件",
}
"""What numerators and denominators count."""
PARTS = {
    "working": "稼働",
    "travelling": "回送",
    "standby": "待機",
    "parked": "駐車",
    "national": "国道",
    "prefectural": "県道",
    "main": "幹線市町道",
    "local": "市町道",
    "ramp": "ランプ",
    "frontage": "側道",
    "footway": "歩道",
    "unknown": "種別不明",
}
"""What figures are told apart by, beside numbers and days."""
TOTAL, NOBODY = "計", "（管理者なし）"
ROUTE_HEADERS = ("管理者", "路線", "工区", "状態", "%", "残 km", "稼働", "完了見込み", "確度", "期限")
STATES = {
    RouteState.UNDER_WAY: "作業中",
    RouteState.BEGUN: "一部済",
    RouteState.WAITING: "未着手",
    RouteState.AGAIN: "再除雪",
    RouteState.DONE: "完了",
    RouteState.CLOSED: "通行止め",
}
SURE = {Sure.NONE: "", Sure.LOW: "低", Sure.MEDIUM: "中", Sure.HIGH: "高"}
OVERDUE = "遅れ"
