"""Mails are in Japanese and say where, what, since when and by which mark."""

from snowtrack.notices.texts import mail_subject, mail_text
from tests.notices.examples import event, measuring, notice


def test_a_raised_alert_says_where_and_how_much() -> None:
    assert mail_subject(notice().content) == "【積雪警報】高松 積雪深 31.2 cm（基準 30 cm）"
    text = mail_text(notice().content)
    assert "2026-01-14 05:50　高松　積雪深 31.2 cm（基準 30 cm 以上）" in text
    assert "道路管理者: kahoku　警報: takamatsu" in text
    assert "解除" not in text


def test_several_sensors_are_one_mail() -> None:
    content = notice("a@b", event("高松"), event("七塚"), event("宇ノ気", raised=False, value_mm=250)).content
    assert mail_subject(content) == "【積雪警報】高松ほか1か所 積雪深 31.2 cm（基準 30 cm）"
    lines = mail_text(content).splitlines()
    assert [sum(name in line for line in lines) for name in ("高松", "七塚", "宇ノ気")] == [1, 1, 1]
    assert "2026-01-14 05:50　宇ノ気　積雪深 25 cm（解除 25.5 cm 未満）" in lines


def test_what_is_over_is_said_so() -> None:
    content = measuring(notice("a@b", event(raised=False, value_mm=0)), "new_24h").content
    assert mail_subject(content) == "【積雪警報・解除】高松 24時間降雪量 25.5 cm 未満"
    assert "基準に達しました" not in mail_text(content)
