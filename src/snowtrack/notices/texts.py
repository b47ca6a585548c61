"""The Japanese words of the mails, in one place."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from snowtrack.model.calendar import TOKYO
from snowtrack.model.snow import Measure

MEASURES = {Measure.DEPTH: "積雪深", Measure.NEW_1H: "1時間降雪量", Measure.NEW_24H: "24時間降雪量"}
RAISED, OVER = "【積雪警報】", "【積雪警報・解除】"
MORE = "ほか{count}か所"
LINE_RAISED = "{at}　{name}　{measure} {value} cm（基準 {threshold} cm 以上）"
LINE_OVER = "{at}　{name}　{measure} {value} cm（解除 {clear} cm 未満）"
SUBJECT_RAISED = "{names} {measure} {value} cm（基準 {threshold} cm）"
SUBJECT_OVER = "{names} {measure} {clear} cm 未満"
HEAD_RAISED = "次の積雪深計で、基準に達しました。"
HEAD_OVER = "次の積雪深計で、基準を下回りました。"
FOOT = """\
道路管理者: {agency}　警報: {rule}
このメールは snowtrack が自動で送信しています。降雪量は積雪深の増加分の合計（推定値）です。
"""

Event = Mapping[str, Any]


def mail_subject(content: Mapping[str, Any]) -> str:
    """What the notice is about, in a line: what is raised, else what is over."""
    events: Sequence[Event] = content["events"]
    raised = [event for event in events if event["raised"]]
    about = raised or list(events)
    names = about[0]["name"] + (MORE.format(count=len(about) - 1) if len(about) > 1 else "")
    words = _words(content) | {"names": names, "value": _cm(about[0]["value_mm"])}
    return RAISED + SUBJECT_RAISED.format(**words) if raised else OVER + SUBJECT_OVER.format(**words)


def mail_text(content: Mapping[str, Any]) -> str:
    """All that the notice says."""
    words = _words(content)
    parts: list[str] = []
    for state, head, line in ((True, HEAD_RAISED, LINE_RAISED), (False, HEAD_OVER, LINE_OVER)):
        events = [event for event in content["events"] if event["raised"] is state]
        parts += [head, *(line.format(**words, **_event(event)) for event in events), ""] if events else []
    return "\n".join((*parts, FOOT.format(agency=content["agency"], rule=content["rule"])))


def _words(content: Mapping[str, Any]) -> dict[str, str]:
    return {
        "measure": MEASURES[Measure(content["measure"])],
        "threshold": _cm(content["threshold_mm"]),
        "clear": _cm(content["clear_mm"]),
    }


def _event(event: Event) -> dict[str, str]:
    since = datetime.fromisoformat(event["since"]).astimezone(TOKYO)
    return {"at": f"{since:%Y-%m-%d %H:%M}", "name": event["name"], "value": _cm(event["value_mm"])}


def _cm(millimetres: int) -> str:
    return f"{millimetres / 10:.1f}".removesuffix(".0")
