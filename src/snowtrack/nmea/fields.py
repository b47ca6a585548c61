"""Frames to sentences: the texts of fields to numbers, by the table of sentences.

No float is involved: the same text is the same integer everywhere. A reader gives `BAD` for a text that is not what it
should be. Decimals are rounded half away from zero, seconds are cut off below the microsecond.
"""

from enum import IntEnum
from typing import NamedTuple

from snowtrack.compiled import compiled, part
from snowtrack.model.calendar import DAY_US
from snowtrack.model.columns import ABSENT_64, Bools, Int8s, Int32s, Int64s, UInt8s
from snowtrack.nmea.framing import Frames, Payloads

BAD = ABSENT_64 + 1
UNKNOWN = -1
FIELDS_MAX = 64
DAYS_TO_1970 = 719_468
COUNT_DIGITS_MAX, DECIMAL_DIGITS_MAX, FRACTION_DIGITS_MAX = 16, 14, 9
DOLLAR, MINUS, DOT, ZERO, PRIVATE = 36, 45, 46, 48, 80


class Read(IntEnum):
    """How the text of a field becomes a number."""

    DECIMAL = 0
    COURSE = 1
    COUNT = 2
    HEXADECIMAL = 3
    CHOICE = 4
    MODES = 5
    NO_MODE = 6
    CLOCK = 7
    DATE = 8
    DATE_PARTS = 9
    POSITION = 10


COURSE, COUNT, HEXADECIMAL, CHOICE = int(Read.COURSE), int(Read.COUNT), int(Read.HEXADECIMAL), int(Read.CHOICE)
MODES, NO_MODE, CLOCK, DATE, DATE_PARTS = (int(code) for code in list(Read)[5:10])
POSITION = int(Read.POSITION)
# None, simulated, by hand, estimated, autonomous, differential, precise, RTK float, RTK: from worst to best.
MODE_LETTERS = (ord("N"), ord("S"), ord("M"), ord("E"), ord("A"), ord("D"), ord("P"), ord("F"), ord("R"))
MODE_QUALITIES = (0, 8, 7, 6, 1, 2, 3, 5, 4)


class Table(NamedTuple):
    """The sentences as numbers: a row per kind, per field and per choice, in the columns named below.

    The fields of a kind lie from its `FIELDS` up to that of the next row, the choices of a field likewise; so the last
    row of both is there for its end alone.
    """

    kinds: Int64s
    fields: Int64s
    choices: Int64s


ADDRESS, ADAPTER, SOURCE, OPENS, REPEATS, FIELDS = range(6)
VALUE, AT, WIDTH, READ, NUMERATOR, DENOMINATOR, LOW, HIGH, UNIT, OTHERWISE, NEEDED, CHOICES = range(12)
TEXT, MEANING = range(2)


class Sentences(NamedTuple):
    """What frames state. `kind` is `UNKNOWN` for a sentence that is not in the table, or states nothing it needs to.

    `amiss`: a field was bad. `alone`: it was the time, so nobody knows which epoch this belongs to. The
    facts of a sentence, pairs of value and number, lie from its `facts_from` up to that of the next.
    """

    kind: Int64s
    amiss: Bools
    alone: Bools
    facts_from: Int64s
    value: Int8s
    number: Int64s
    ends: Int64s


@compiled
def read_fields(payloads: Payloads, frames: Frames, table: Table, out: Sentences) -> None:
    """Read all frames."""
    data, kinds, fields, choices = payloads.data, table.kinds, table.fields, table.choices
    ends = out.ends
    facts = 0
    out.facts_from[0] = 0
    for frame in range(len(frames.at)):
        copy_ends(frames.field_ends, frames.fields_from[frame], frames.fields_from[frame + 1], ends)
        kind = find_kind(data, frames.at[frame], ends[0], kinds, payloads.adapter[frames.payload[frame]])
        out.kind[frame], out.amiss[frame], out.alone[frame] = kind, False, False
        if kind >= 0:
            for field in range(kinds[kind, FIELDS], kinds[kind + 1, FIELDS]):
                number, second = read_field(data, ends, fields, field, choices)
                if number == BAD:
                    out.amiss[frame] = True
                    out.alone[frame] |= fields[field, READ] == CLOCK
                    number = fields[field, OTHERWISE]
                if number != ABSENT_64:
                    out.value[facts], out.number[facts] = fields[field, VALUE], number
                    facts += 1
                    if fields[field, READ] == POSITION:
                        out.value[facts], out.number[facts] = fields[field, VALUE] + 1, second
                        facts += 1
                elif fields[field, NEEDED]:
                    out.kind[frame], out.amiss[frame] = UNKNOWN, True
                    facts = out.facts_from[frame]
                    break
        out.facts_from[frame + 1] = facts


@part
def copy_ends(field_ends: Int32s, first: int, last: int, ends: Int64s) -> None:
    """Where the fields of a frame end. One that is not there ends where the frame does."""
    for place in range(min(last - first, len(ends))):
        ends[place] = field_ends[first + place]
    for place in range(last - first, len(ends)):
        ends[place] = field_ends[last - 1]


@part
def find_kind(data: UInt8s, at: int, to: int, kinds: Int64s, adapter: int) -> int:
    """The kind of the sentence whose frame begins at `at` and whose address ends at `to`; `UNKNOWN` if there is none.

    A private sentence (P) is known by its whole address, another one by the three letters behind its talker.
    """
    length, private = to - at - 1, data[at + 1] == PRIVATE
    if data[at] != DOLLAR or length > 8 or not (private or length == 5):
        return UNKNOWN
    address = pack(data, at + (1 if private else 3), to)
    for kind in range(len(kinds) - 1):
        if kinds[kind, ADDRESS] == address and kinds[kind, ADAPTER] in (0, adapter):
            return kind
    return UNKNOWN


@part
def pack(data: UInt8s, at: int, to: int) -> int:
    """Up to eight ASCII characters as one number."""
    packed = 0
    for place in range(at, to):
        packed = packed << 8 | data[place]
    return packed


@part
def read_field(data: UInt8s, ends: Int64s, fields: Int64s, field: int, choices: Int64s) -> tuple[int, int]:
    """The number of a field, or `ABSENT_64` or `BAD`; of a position, both numbers."""
    first, width, read = fields[field, AT], fields[field, WIDTH], fields[field, READ]
    at, to = ends[first - 1] + 1, ends[first]
    number, second = fields[field, OTHERWISE], ABSENT_64
    if are_empty(ends, first, width):
        return number, second
    if read == POSITION:
        number, second = read_position(data, ends, first)
    elif read == DATE_PARTS:
        number = read_date_parts(data, ends, first)
    elif read == CHOICE:
        number = read_choice(data, at, to, choices, fields[field, CHOICES], fields[field + 1, CHOICES])
    elif read <= HEXADECIMAL:
        number = read_number(data, ends, fields, field)
    else:
        number = read_form(data, at, to, read)
    return number, second


@part
def are_empty(ends: Int64s, first: int, width: int) -> bool:
    """Whether neighbouring fields hold nothing; one that is not there is shorter than empty."""
    empty = True
    for field in range(first, first + width):
        empty &= ends[field] <= ends[field - 1] + 1
    return empty


@part
def read_form(data: UInt8s, at: int, to: int, read: int) -> int:
    """What has one form for all sentences."""
    if read == CLOCK:
        return read_clock(data, at, to)
    if read == DATE:
        return read_date(data, at, to)
    return read_modes(data, at, to, read == NO_MODE)


@part
def read_number(data: UInt8s, ends: Int64s, fields: Int64s, field: int) -> int:
    """A number within its bounds, with the right unit if it has any."""
    first, read, unit = fields[field, AT], fields[field, READ], fields[field, UNIT]
    at, to = ends[first - 1] + 1, ends[first]
    if read == COUNT:
        number = read_count(data, at, to, COUNT_DIGITS_MAX)
    elif read == HEXADECIMAL:
        number = read_hexadecimal(data, at, to)
    else:
        number = read_decimal(data, at, to, fields[field, NUMERATOR], fields[field, DENOMINATOR])
    if unit and pack(data, to + 1, ends[first + 1]) not in (0, unit):
        return BAD
    if number == BAD or not fields[field, LOW] <= number <= fields[field, HIGH]:
        return BAD
    return number % 36_000 if read == COURSE else number


@part
def read_count(data: UInt8s, at: int, to: int, digits_max: int) -> int:
    """Digits only."""
    if not 0 < to - at <= digits_max:
        return BAD
    number = 0
    for place in range(at, to):
        digit = data[place] - ZERO
        if digit < 0 or digit > 9:
            return BAD
        number = number * 10 + digit
    return number


@part
def read_fraction(data: UInt8s, at: int, to: int) -> tuple[int, int]:
    """A dot and up to nine digits, or nothing: the digits as a number, and ten to the power of how many there are."""
    if at == to:
        return 0, 1
    if data[at] != DOT or to - at - 1 > FRACTION_DIGITS_MAX:
        return BAD, 1
    power = 1
    for _ in range(to - at - 1):
        power *= 10
    return (0 if to - at == 1 else read_count(data, at + 1, to, FRACTION_DIGITS_MAX)), power


@part
def read_decimal(data: UInt8s, at: int, to: int, numerator: int, denominator: int) -> int:
    """A decimal number times numerator / denominator."""
    negative = data[at] == MINUS
    at += negative
    dot = at
    while dot < to and data[dot] != DOT:
        dot += 1
    number, (fraction, power) = read_count(data, at, dot, DECIMAL_DIGITS_MAX), read_fraction(data, dot, to)
    if BAD in (number, fraction) or to - at > DECIMAL_DIGITS_MAX + 1:
        return BAD
    divisor = denominator * power
    size = (2 * (number * power + fraction) * numerator + divisor) // (2 * divisor)
    return -size if negative else size


@part
def read_hexadecimal(data: UInt8s, at: int, to: int) -> int:
    """Up to eight hexadecimal digits of either case."""
    if to - at > 8:
        return BAD
    number = 0
    for place in range(at, to):
        byte = data[place]
        digit = byte - 48 if 48 <= byte <= 57 else (byte & 0xDF) - 55
        if not (48 <= byte <= 57 or 10 <= digit <= 15):
            return BAD
        number = number * 16 + digit
    return number


@part
def read_choice(data: UInt8s, at: int, to: int, choices: Int64s, first: int, last: int) -> int:
    """One of the texts that the table names."""
    if to - at <= 8:
        text = pack(data, at, to)
        for choice in range(first, last):
            if choices[choice, TEXT] == text:
                return int(choices[choice, MEANING])
    return BAD


@part
def read_modes(data: UInt8s, at: int, to: int, ask_void: bool) -> int:
    """The modes of several satellite systems, a letter each: the quality of the best, or whether all are none."""
    best = -1
    for place in range(at, to):
        rank = -1
        for known in range(len(MODE_LETTERS)):
            if data[place] == MODE_LETTERS[known]:
                rank = known
        if rank < 0:
            return BAD
        best = max(best, rank)
    if ask_void:
        return 1 if best == 0 else ABSENT_64
    return MODE_QUALITIES[best]


@part
def read_clock(data: UInt8s, at: int, to: int) -> int:
    """`hhmmss` with decimals to microseconds of the day. A leap second is the next day's first."""
    if to - at < 6:
        return BAD
    digits, (fraction, power) = read_count(data, at, at + 6, 6), read_fraction(data, at + 6, to)
    hour, minute, second = digits // 10_000, digits // 100 % 100, digits % 100
    if BAD in (digits, fraction) or hour > 23 or minute > 59 or second > 60:
        return BAD
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction * 1_000_000 // power


@part
def read_date(data: UInt8s, at: int, to: int) -> int:
    """`ddmmyy` to microseconds since 1970. GPS began in 1980: 80 to 99 are the last century's."""
    digits = read_count(data, at, to, 6)
    if digits == BAD or to - at != 6:
        return BAD
    year = digits % 100
    return start_of_day(year + (1900 if year >= 80 else 2000), digits // 100 % 100, digits // 10_000)


@part
def read_date_parts(data: UInt8s, ends: Int64s, first: int) -> int:
    """Day, month and four-digit year in fields of their own."""
    day = read_count(data, ends[first - 1] + 1, ends[first], 2)
    month = read_count(data, ends[first] + 1, ends[first + 1], 2)
    year = read_count(data, ends[first + 1] + 1, ends[first + 2], 4)
    if BAD in (day, month, year) or year < 1970:
        return BAD
    return start_of_day(year, month, day)


@part
def start_of_day(year: int, month: int, day: int) -> int:
    """A day of the Gregorian calendar. The year is counted from March, so that its leap day comes last."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    longest = 28 + leap if month == 2 else 30 + (month + month // 8) % 2
    if not (1 <= month <= 12 and 1 <= day <= longest):
        return BAD
    months, years = (month + 9) % 12, year - (month <= 2)
    days = 365 * years + years // 4 - years // 100 + years // 400 + (153 * months + 2) // 5 + day - 1
    return (days - DAYS_TO_1970) * DAY_US


@part
def read_position(data: UInt8s, ends: Int64s, first: int) -> tuple[int, int]:
    """Latitude and longitude in 1e-7 degrees; both or neither."""
    latitude = read_angle(data, ends, first, 2, ord("N"), ord("S"))
    longitude = read_angle(data, ends, first + 2, 3, ord("E"), ord("W"))
    return (latitude, longitude) if BAD not in (latitude, longitude) else (BAD, BAD)


@part
def read_angle(data: UInt8s, ends: Int64s, first: int, width: int, positive: int, negative: int) -> int:
    """`ddmm` or `dddmm` with decimals, and a letter."""
    at, to, letter = ends[first - 1] + 1, ends[first], ends[first] + 1
    if to - at < width + 2 or ends[first + 1] - letter != 1 or data[letter] not in (positive, negative):
        return BAD
    degrees, minutes = read_count(data, at, at + width, width), read_count(data, at + width, at + width + 2, 2)
    fraction, power = read_fraction(data, at + width + 2, to)
    if BAD in (degrees, minutes) or minutes > 59 or fraction == BAD:
        return BAD
    divisor = 60 * power
    angle = degrees * 10_000_000 + (2 * (minutes * power + fraction) * 10_000_000 + divisor) // (2 * divisor)
    if angle > (90 if width == 2 else 180) * 10_000_000:
        return BAD
    return angle if data[letter] == positive else -angle
