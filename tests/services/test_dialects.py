"""The file of dialects: makers' sentences are read as it says, and what it cannot mean is one clear line."""

from pathlib import Path

import pytest

from snowtrack.model.errors import ConfigError
from snowtrack.model.fixes import Decoded, Message, Remark, Source
from snowtrack.nmea.decode import Decoder
from snowtrack.services.dialects import NAMES, Dialects, load_dialects
from tests.oracles.nmea import sentence
from tests.oracles.recordings import values

PROTOCOL = Path(__file__).parents[2] / "docs" / "device-protocol.md"
TIMED = "GPRMC,153000.00,A,3634.0000,N,13639.0000,E,12.40,87.5,140126,,,A"
OF_ANY_EPOCH = ("digest", "sources", "remarks")


def dialects(tmp_path: Path, text: str) -> Dialects:
    path = tmp_path / "dialects.toml"
    path.write_text(text)
    return load_dialects(path)


def decoded(spoken: Dialects, agency: str, payload: bytes) -> Decoded:
    message = Message(device=1, received_us=0, payload=payload, dialect=spoken.number(agency))
    return Decoder(spoken.dialects).decode([message])


def read(tmp_path: Path, fields: str, *texts: str) -> list[dict[str, int]]:
    """What sentences of the address PMAK state when its fields are these; nothing in them is bad."""
    spoken = dialects(tmp_path, f'[kanazawa]\nsentence = [{{ address = "PMAK", fields = {{ {fields} }} }}]\n')
    found = decoded(spoken, "kanazawa", b"".join(map(sentence, texts)))
    assert not found.counts
    return [{name: value for name, value in fix.items() if name not in OF_ANY_EPOCH} for fix in values(found.fixes)]


def fault(tmp_path: Path, text: str) -> str:
    """The one line that says what is wrong, without the name of the file that it begins with."""
    with pytest.raises(ConfigError) as error:
        dialects(tmp_path, text)
    (line,) = str(error.value).splitlines()
    assert line.startswith(f"{tmp_path / 'dialects.toml'}: ")
    return line.removeprefix(f"{tmp_path / 'dialects.toml'}: ")


def field_fault(tmp_path: Path, fields: str, address: str = "PMAK") -> str:
    return fault(tmp_path, f'[kanazawa]\nsentence = [{{ address = "{address}", fields = {{ {fields} }} }}]\n')


def test_without_a_file_everybody_speaks_the_standard() -> None:
    assert load_dialects(None) == Dialects()
    assert load_dialects(None).number("kanazawa") == 0


def test_an_empty_file_says_that_too(tmp_path: Path) -> None:
    assert dialects(tmp_path, "").number("kanazawa") == 0


def test_the_example_in_the_protocol_is_read_as_its_page_says(tmp_path: Path) -> None:
    example = PROTOCOL.read_text("utf-8").partition("```toml\n")[2].partition("```")[0]
    line = example.partition("# $")[2].partition("\n")[0]
    found = decoded(dialects(tmp_path, example), "kanazawa", f"${line}\r\n".encode() + sentence(TIMED))
    assert not found.counts
    (fix,) = values(found.fixes)
    own = ("boot", "seq", "uptime_ms", "blade", "battery_mv")
    assert {name: fix[name] for name in own} == dict(zip(own, (7, 8, 12_500, 1, 13_810), strict=True))
    assert fix["sources"] == Source.ADAPTED | Source.RMC


def test_each_field_is_read_from_the_place_that_is_named(tmp_path: Path) -> None:
    """In an order of their own, with fields between them that mean nothing to us."""
    names = ["boot", "seq", "uptime", "blade", "angle", "spreader", "density", "width", "pto", "inputs", "battery"]
    names.append("buffer")
    texts = ["7", "8", "12500", "D", "-25.5", "1", "20.5", "3.2", "0", "00FF", "13.81", "42"]
    stated = [7, 8, 12_500, 1, -2_550, 1, 20_500, 3_200, 0, 255, 13_810, 42]
    assert sorted(names) == sorted(NAMES)
    fields = ", ".join(f"{name} = {at}" for name, at in zip(names, range(24, 0, -2), strict=True))
    line = ",".join(f"x,{text}" for text in reversed(texts))
    assert read(tmp_path, fields, f"PMAK,{line}") == [
        dict(zip((NAMES[name] for name in names), stated, strict=True)),
    ]


@pytest.mark.parametrize(
    ("field", "text", "name", "value"),
    [
        ("uptime = { at = 1, scale = 1000 }", "12.5", "uptime_ms", 12_500),
        ("uptime = { at = 1, scale = 0.001 }", "12500499", "uptime_ms", 12_500),
        ("battery = { at = 1, scale = 0.001 }", "13810", "battery_mv", 13_810),
        ("battery = { at = 1, scale = 0.1 }", "138.1", "battery_mv", 13_810),
        ('battery = { at = 1, scale = "1/1000" }', "13810", "battery_mv", 13_810),
        ("angle = { at = 1, scale = 0.5 }", "-51", "blade_cdeg", -2_550),
        ('width = { at = 1, scale = "0.3048" }', "10", "spread_width_mm", 3_048),
        ("density = { at = 1, scale = 10 }", "2.05", "spread_mgpm2", 20_500),
        ("buffer = { at = 1, scale = 60 }", "2", "buffered", 120),
        ("battery = { at = 1, scale = 1 }", "13.81", "battery_mv", 13_810),
    ],
)
def test_a_scale_is_exact(field: str, text: str, name: str, value: int, tmp_path: Path) -> None:
    assert read(tmp_path, field, f"PMAK,{text}") == [{name: value}]


@pytest.mark.parametrize(("field", "column"), [("blade", "blade"), ("spreader", "spreading"), ("pto", "pto")])
def test_words_mean_what_the_file_says(field: str, column: str, tmp_path: Path) -> None:
    on, off = ("down", "up") if field == "blade" else ("on", "off")
    words = f'{{ ENGAGED = "{on}", "1" = "{on}", "-" = "{off}" }}'
    fields = f"{field} = {{ at = 1, values = {words} }}, buffer = 2"
    assert [read(tmp_path, fields, f"PMAK,{text},5")[0].get(column) for text in ("ENGAGED", "1", "-", "")] == [
        1,
        1,
        0,
        None,
    ]


def test_a_word_that_the_file_does_not_name_is_a_bad_field(tmp_path: Path) -> None:
    spoken = dialects(
        tmp_path,
        '[k]\nsentence = [{ address = "PMAK", fields = { blade = { at = 1, values = { UP = "up" } }, buffer = 2 } }]\n',
    )
    found = decoded(spoken, "k", sentence("PMAK,D,5"))
    assert [reject.reason.name for reject in found.rejects] == ["BAD_FIELD"]
    assert "blade" not in values(found.fixes)[0]


def test_the_bounds_of_our_own_sentence_hold_after_scaling(tmp_path: Path) -> None:
    spoken = dialects(tmp_path, '[k]\nsentence = [{ address = "PMAK", fields = { angle = { at = 1, scale = 10 } } }]\n')
    texts = [sentence(f"PMAK,{text}") for text in ("9.0", "9.1", "-9.1")]
    found = decoded(spoken, "k", b"".join(texts))
    assert [reject.raw for reject in found.rejects] == [text.rstrip() for text in texts[1:]]
    assert [fix.get("blade_cdeg") for fix in values(found.fixes)][:1] == [9_000]


def test_a_sentence_with_numbers_opens_an_epoch_and_one_without_belongs_to_the_epoch_before(tmp_path: Path) -> None:
    opening = [f"PMAK,7,{seq}" for seq in (1, 2)]
    lines = [opening[0], TIMED, "PADD,D", opening[1], TIMED, "PADD,U"]
    spoken = dialects(
        tmp_path,
        '[k]\nsentence = [{ address = "PMAK", fields = { boot = 1, seq = 2 } },'
        ' { address = "PADD", fields = { blade = 1 } }]\n',
    )
    found = decoded(spoken, "k", b"".join(map(sentence, lines)))
    assert not found.counts
    assert [(fix["boot"], fix["seq"], fix["blade"]) for fix in values(found.fixes)] == [(7, 1, 1), (7, 2, 0)]


def test_a_sentence_without_the_numbers_that_it_should_have_gives_nothing(tmp_path: Path) -> None:
    spoken = dialects(tmp_path, '[k]\nsentence = [{ address = "PMAK", fields = { boot = 1, seq = 2, buffer = 3 } }]\n')
    assert len(decoded(spoken, "k", sentence("PMAK,7,,5")).fixes) == 0


def test_an_agencys_sentences_are_its_own(tmp_path: Path) -> None:
    """The same address may mean another thing to each, and to those who are not in the file nothing."""
    spoken = dialects(
        tmp_path,
        '[kanazawa]\nsentence = [{ address = "PMAK", fields = { blade = 1 } }]\n'
        '[hakusan]\nsentence = [{ address = "PMAK", fields = { pto = 2 } }]\n',
    )
    line = sentence("PMAK,D,1")
    (kanazawa,), (hakusan,) = (values(decoded(spoken, agency, line).fixes) for agency in ("kanazawa", "hakusan"))
    assert (kanazawa["blade"], kanazawa.get("pto")) == (1, None)
    assert (hakusan.get("blade"), hakusan["pto"]) == (None, 1)
    assert len(decoded(spoken, "nonoichi", line).fixes) == 0


def test_the_standard_is_spoken_beside_a_dialect(tmp_path: Path) -> None:
    spoken = dialects(tmp_path, '[k]\nsentence = [{ address = "PMAK", fields = { blade = 1 } }]\n')
    (fix,) = values(decoded(spoken, "k", sentence("PSNOW,7,1,1000,D") + sentence(TIMED)).fixes)
    assert (fix["boot"], fix["seq"], fix["blade"]) == (7, 1, 1)


def test_lines_without_checksum_are_taken_and_marked_where_an_agency_allows_it(tmp_path: Path) -> None:
    spoken = dialects(tmp_path, "[old]\nunchecked = true\n[new]\nunchecked = false\n")
    line = f"${TIMED}\r\n".encode()
    (fix,) = values(decoded(spoken, "old", line).fixes)
    assert (fix["lat_e7"], fix["remarks"]) == (365_666_667, Remark.UNCHECKED)
    for agency in ("new", "unnamed"):
        assert [reject.reason.name for reject in decoded(spoken, agency, line).rejects] == ["NO_CHECKSUM"]
    assert [reject.reason.name for reject in decoded(spoken, "old", b"$GPRMC,1*00\r\n").rejects] == ["BAD_CHECKSUM"]


def test_a_file_that_is_none_or_no_toml(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    with pytest.raises(ConfigError, match=f"^{missing}: cannot be read: No such file or directory$"):
        load_dialects(missing)
    assert fault(tmp_path, "[kanazawa").startswith("this is not TOML: ")
    (tmp_path / "dialects.toml").write_bytes(b"[kanazawa] # \x8b\xe0\x91\xf2\n")
    with pytest.raises(ConfigError, match="this is not TOML"):
        load_dialects(tmp_path / "dialects.toml")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("plough = 1", "kanazawa.sentence.0: there is no field plough; expected one of boot, seq, uptime, blade,"),
        ("boot = 1", "kanazawa.sentence.0: boot and seq mean something together only"),
        ("seq = 1", "kanazawa.sentence.0: boot and seq mean something together only"),
        ("blade = 0", "kanazawa.sentence.0.fields.blade: Input should be greater than or equal to 1"),
        ("blade = 64", "kanazawa.sentence.0.fields.blade: Input should be less than 64"),
        ("blade = true", "kanazawa.sentence.0.fields.blade: Input should be a valid integer"),
        ('blade = "1"', "kanazawa.sentence.0.fields.blade: Input should be a valid integer"),
        ("blade = { at = 64 }", "kanazawa.sentence.0.fields.blade.at: Input should be less than 64"),
        ("blade = { scale = 1 }", "kanazawa.sentence.0.fields.blade.at: Field required"),
        ("blade = { at = 1, unit = 2 }", "kanazawa.sentence.0.fields.blade.unit: Extra inputs are not permitted"),
        ("blade = { at = 1, scale = 2 }", "kanazawa.sentence.0: blade: this scale cannot be used here"),
        ("inputs = { at = 1, scale = 2 }", "kanazawa.sentence.0: inputs: this scale cannot be used here"),
        ("battery = { at = 1, scale = 1e-9 }", "kanazawa.sentence.0: battery: this scale cannot be used here"),
        ("battery = { at = 1, scale = 100 }", "kanazawa.sentence.0: battery: this scale cannot be used here"),
        ("battery = { at = 1, scale = 0 }", "kanazawa.sentence.0.fields.battery.scale: Input should be greater than 0"),
        ("battery = { at = 1, scale = -1 }", "kanazawa.sentence.0.fields.battery.scale: Input should be greater than"),
        ("battery = { at = 1, scale = nan }", "kanazawa.sentence.0.fields.battery.scale: Input is not a valid"),
        ('battery = { at = 1, scale = "1/0" }', "kanazawa.sentence.0.fields.battery.scale: Input is not a valid"),
        ('battery = { at = 1, scale = "milli" }', "kanazawa.sentence.0.fields.battery.scale: Input is not a valid"),
        (
            'blade = { at = 1, values = { X = "sideways" } }',
            "kanazawa.sentence.0: blade: there is no sideways; expected down or up",
        ),
        (
            'pto = { at = 1, values = { X = "up" } }',
            "kanazawa.sentence.0: pto: there is no up; expected on or off",
        ),
        (
            'battery = { at = 1, values = { X = "on" } }',
            "kanazawa.sentence.0: battery: there is no on; this field takes no words",
        ),
        ("blade = { at = 1, values = { X = 1 } }", "kanazawa.sentence.0.fields.blade.values.X: Input should be a"),
    ],
)
def test_a_field_that_cannot_be_is_one_line_with_its_place(fields: str, said: str, tmp_path: Path) -> None:
    assert field_fault(tmp_path, fields).startswith(said)


@pytest.mark.parametrize("word", ["", "NINECHARS", "A,B", "*", "$", "A B", "雪"])
def test_a_word_that_no_field_can_hold_is_refused(word: str, tmp_path: Path) -> None:
    said = field_fault(tmp_path, f'blade = {{ at = 1, values = {{ "{word}" = "up" }} }}')
    assert said.startswith(f"kanazawa.sentence.0.fields.blade.values.{word}.[key]: String should match")


@pytest.mark.parametrize("address", ["GPGGA", "GGA", "", "P", "PM", "PNINECHAR", "pmak", "PM-K"])
def test_an_address_that_is_no_makers_is_refused(address: str, tmp_path: Path) -> None:
    said = field_fault(tmp_path, "blade = 1", address)
    assert said.startswith("kanazawa.sentence.0.address: String should match pattern")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("unchecked = true", "unchecked: Input should be"),
        ("[kanazawa]\nuncheked = true", "kanazawa.uncheked: Extra inputs are not permitted"),
        ('[kanazawa]\nunchecked = "yes"', "kanazawa.unchecked: Input should be a valid boolean"),
        ("[kanazawa]\nunchecked = 1", "kanazawa.unchecked: Input should be a valid boolean"),
        ('["no id"]\nunchecked = true', "no id.[key]: String should match pattern"),
        ("[kanazawa.sentence]\n", "kanazawa.sentence: Input should be a valid list"),
        ("[[kanazawa.sentence]]\nfields = {}", "kanazawa.sentence.0.address: Field required"),
        ('[[kanazawa.sentence]]\naddress = "PMAK"', "kanazawa.sentence.0.fields: Field required"),
        (
            '[[kanazawa.sentence]]\naddress = "PSNOW"\nfields = { blade = 1 }',
            "kanazawa.sentence.0: PSNOW is our own sentence",
        ),
        ('[[kanazawa.sentence]]\naddress = "PMAK"\nfields = { blade = 1 }\n' * 2, "kanazawa: PMAK is there twice"),
    ],
)
def test_what_no_agency_can_speak_is_one_line_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    assert fault(tmp_path, text).startswith(said)
