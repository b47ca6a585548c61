"""The Japanese words of the reports, in one place."""

from snowtrack.model.work import Activity, Evidence, Work

TITLE = "除雪作業日報"
UNREGISTERED = "未登録"
UNKNOWN = "―"
DAY, DEVICE, AGENCY = "日付", "GPS端末", "道路管理者"
HEAD = {
    "contractor": "業者名",
    "district": "工区",
    "contract": "契約番号",
    "order": "指示番号・指示時刻・指示者",
    "machine": "機械（種別・規格・機械番号・車両番号・貸与/持込）",
    "operator": "運転手",
    "assistant": "助手・世話役",
    "weather": "天候・気温・路面状況",
    "snow": "降雪深・積雪深",
}
OWNERS = {"lent": "貸与", "own": "持込"}
AND, SINCE, UNTIL = "、", "{}から", "{}まで"
NEW_SNOW = "降雪深 {} cm（計器{}基）"
LINES = (
    "作業種別",
    "路線名",
    "路線番号",
    "区間（起点）",
    "区間（終点）",
    "車道/歩道",
    "開始",
    "終了",
    "延長 km",
    "散布量 kg",
    "根拠",
)
SHORT = "{} m未満の作業（{}件）"
CARRIAGEWAY, FOOTWAY = "車道", "歩道"
WORKS = {Work.PLOUGHING: "除雪", Work.SPREADING: "凍結防止剤散布"}
EVIDENCE = {Evidence.BLADE: "作業信号", Evidence.INFERRED: "推定", Evidence.REPORTED: "報告"}
ACTIVITIES = {
    Activity.WORKING: "稼働",
    Activity.TRAVELLING: "回送",
    Activity.STANDBY: "待機",
    Activity.PARKED: "駐車",
}
NO_SIGNAL = "GPS欠測"
BREAK = "休憩"
BREAK_NOTE = "手入力"
FROM, TO, TOTAL = "最初の測位", "最後の測位", "計"
PLOUGHED_KM, SPREAD_KM, MATERIAL_KG = "除雪延長 km", "散布延長 km", "散布量 kg"
WORKED_KM, DRIVEN_KM = "稼働走行 km", "走行 km"
GAPS = "GPS欠測の時間帯"
CORRECTIONS, NONE = "手修正（誰が・いつ・前・後・理由）", "なし"
SIGNED = ("業者確認", "監督員確認")
INFERRED_NOTE = "作業信号のない時間は、機種と速度から推定した。"
