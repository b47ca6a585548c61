"""The text of epochs: compiled, one row after another into the caller's bytes.

A part takes the place where it writes and gives the place behind what it wrote. How a family writes stands in its form
(`families`); of satellites only their number is known, so which ones they are, and where, is made up from the time of
day.
"""

import numpy as np

from ploughsim.compiled import Array, Record, compiled, part

OWN, RMC, GGA, VTG, GSA, GSV, GLL, ZDA, GNS = range(9)
"""Kinds of sentences, by their bit in the mask of those that are wanted."""
PSNOW = int.from_bytes(b"$PSNOW", "little")
KINDS = tuple(int.from_bytes(kind, "little") for kind in b"? RMC GGA VTG GSA GSV GLL ZDA GNS".split())
UNKNOWN, NOT_SAID = -(1 << 31), -1
BESIDE_VALUE, ALWAYS = 0, 1
COMMA, POINT, MINUS, STAR, DOLLAR, CR, LF = 44, 46, 45, 42, 36, 13, 10
LETTER_A, LETTER_D, LETTER_E, LETTER_K, LETTER_M, LETTER_N = 65, 68, 69, 75, 77, 78
LETTER_S, LETTER_T, LETTER_U, LETTER_V, LETTER_W = 83, 84, 85, 86, 87
POWERS = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
DAY_MS = 86_400_000
# GPS, GLONASS, Galileo, BeiDou: talker, first number, how many numbers.
SYSTEMS = ((0x5047, 1, 32), (0x4C47, 65, 24), (0x4147, 1, 36), (0x4247, 1, 37))
IN_USE_MAX = 12
TOO_WEAK = 3
"""So many more are in view, of a system that is."""
# The first signal of each, L1.
SIGNAL = int.from_bytes(b",1", "little")


@compiled
def write_rows(epochs: Array, families: Array, forms: Array, wanted: int, out: Array, offsets: Array) -> None:
    """The wanted kinds of sentences of each epoch, in its family's order; `offsets` gets one place more than rows."""
    at = 0
    for row in range(len(epochs)):
        offsets[row] = at
        epoch, form = epochs[row], forms[families[row]]
        if wanted & (1 << OWN):
            at = ended(out, at, own_fields(out, put(out, at, PSNOW), epoch))
        order = form.order
        while order:
            kind = order & 15
            order >>= 4
            if not wanted & (1 << kind):
                continue
            if kind == GSA:
                at = gsa(out, at, epoch, form)
            elif kind == GSV:
                at = gsv(out, at, epoch, form)
            else:
                talker = form.gga_talker if kind == GGA else form.talker
                at = ended(out, at, fields(out, opened(out, at, talker, KINDS[kind]), kind, epoch, form))
    offsets[len(epochs)] = at


@part
def fields(out: Array, at: int, kind: int, epoch: Record, form: Record) -> int:
    """The fields of a sentence of which an epoch has one."""
    if kind == RMC:
        at = rmc(out, at, epoch, form)
    elif kind == GGA:
        at = gga(out, at, epoch, form)
    elif kind == VTG:
        at = vtg(out, at, epoch, form)
    elif kind == GLL:
        at = gll(out, at, epoch, form)
    elif kind == ZDA:
        at = zda(out, at, epoch, form)
    else:
        at = gns(out, at, epoch, form)
    return at


@part
def own_fields(out: Array, at: int, epoch: Record) -> int:
    """Of the tracker's own sentence, docs/device-protocol.md; empty ones at its end are left out."""
    at = count(out, comma(out, at), epoch.boot, 1)
    at = count(out, at, epoch.seq, 1)
    at = count(out, at, epoch.uptime_ms, 1)
    at = letter_if(out, at, LETTER_D if epoch.blade == 1 else LETTER_U, epoch.blade != NOT_SAID)
    at = decimal(out, at, epoch.angle_tenths, 1, 1)
    at = letter_if(out, at, 48 + epoch.spreader, epoch.spreader != NOT_SAID)
    at = decimal(out, at, epoch.density_tenths, 1, 1)
    at = decimal(out, at, epoch.width_tenths, 1, 1)
    at = letter_if(out, at, 48 + epoch.pto, epoch.pto != NOT_SAID)
    if epoch.inputs != UNKNOWN:
        at = hexadecimal(out, hexadecimal(out, at, epoch.inputs >> 8), epoch.inputs & 0xFF)
    at = comma(out, at)
    at = decimal(out, at, epoch.battery_hundredths, 2, 1)
    at = count(out, at, epoch.buffer, 1)
    while out[at - 1] == COMMA:
        at -= 1
    return at


@part
def rmc(out: Array, at: int, epoch: Record, form: Record) -> int:
    at = clock(out, at, epoch, form)
    at = letter_if(out, at, LETTER_A if epoch.status == 1 else LETTER_V, True)
    at = position(out, at, epoch, form)
    at = decimal(out, at, epoch.speed, form.speed_places, form.whole_digits)
    at = decimal(out, at, epoch.course, form.course_places, form.whole_digits)
    if epoch.date_days != UNKNOWN:
        day, month, year = civil(epoch.date_days)
        at = fixed(out, at, day * 10_000 + month * 100 + year % 100, 6)
    at = put(out, comma(out, at), form.variation)
    return put(out, mode(out, at, epoch, form), form.nav_status)


@part
def gga(out: Array, at: int, epoch: Record, form: Record) -> int:
    at = clock(out, at, epoch, form)
    at = position(out, at, epoch, form)
    at = count(out, at, epoch.quality, 1)
    at = count(out, at, epoch.satellites, form.satellites_digits)
    at = decimal(out, at, epoch.hdop, form.hdop_places, 1)
    at = decimal(out, at, epoch.altitude, form.altitude_places, 1)
    has_unit = form.gga_units == ALWAYS or epoch.altitude != UNKNOWN
    at = letter_if(out, at, LETTER_M, has_unit)
    at = decimal(out, at, epoch.separation_tenths, 1, 1)
    if form.gga_units == BESIDE_VALUE:
        has_unit = epoch.separation_tenths != UNKNOWN
    at = letter_if(out, at, LETTER_M, has_unit)
    return put(out, at, form.differential_tail if epoch.quality == 2 else form.tail)


@part
def gns(out: Array, at: int, epoch: Record, form: Record) -> int:
    at = clock(out, at, epoch, form)
    at = position(out, at, epoch, form)
    for system in range(form.systems):
        out[at + system] = LETTER_A if system > 0 and epoch.mode == LETTER_D else epoch.mode
    at = comma(out, at + form.systems)
    at = count(out, at, epoch.satellites, 2)
    at = decimal(out, at, epoch.hdop, form.hdop_places, 1)
    at = decimal(out, at, epoch.altitude, form.altitude_places, 1)
    at = decimal(out, at, epoch.separation_tenths, 1, 1)
    at = put(out, at, form.differential_tail if epoch.quality == 2 else form.tail)
    return put(out, at, form.nav_status)


@part
def gll(out: Array, at: int, epoch: Record, form: Record) -> int:
    at = position(out, at, epoch, form)
    at = clock(out, at, epoch, form)
    out[at] = LETTER_A if epoch.status == 1 else LETTER_V
    return mode(out, at + 1, epoch, form)


@part
def vtg(out: Array, at: int, epoch: Record, form: Record) -> int:
    moving = form.vtg_units or epoch.speed != UNKNOWN
    at = decimal(out, at, epoch.course, form.course_places, form.whole_digits)
    at = letter_if(out, at, LETTER_T, moving)
    at = letter_if(out, comma(out, at), LETTER_M, moving)
    at = decimal(out, at, epoch.speed, form.speed_places, form.whole_digits)
    at = letter_if(out, at, LETTER_N, moving)
    kmh = UNKNOWN if epoch.speed == UNKNOWN else (epoch.speed * 1852 + 500) // 1000
    at = decimal(out, at, kmh, form.speed_places, form.whole_digits)
    at = letter_if(out, at, LETTER_K, moving) - 1
    return mode(out, at, epoch, form)


@part
def zda(out: Array, at: int, epoch: Record, form: Record) -> int:
    at = clock(out, at, epoch, form)
    if epoch.date_days == UNKNOWN:
        at = put(out, at, 0x2C2C2C)
    else:
        day, month, year = civil(epoch.date_days)
        at = comma(out, fixed(out, at, day, 2))
        at = comma(out, fixed(out, at, month, 2))
        at = comma(out, fixed(out, at, year, 4))
    return put(out, at, form.zone)


@part
def gsa(out: Array, at: int, epoch: Record, form: Record) -> int:
    """A sentence for each system, with its share of the satellites in use."""
    in_use = max(epoch.satellites, 0)
    for system in range(form.systems):
        start = at
        at = opened(out, at, SYSTEMS[system][0] if form.own_talkers else form.talker, KINDS[GSA])
        at = letter_if(out, at, LETTER_A, True)
        at = count(out, at, 1 if epoch.status != 1 else (3 if in_use > 3 else 2), 1)
        used = share_of(in_use, form.systems, system)
        for place in range(IN_USE_MAX):
            if place < used:
                at = fixed(out, at, number_of(epoch, system, place), 2)
            at = comma(out, at)
        for percent in (170, 100, 140):  # of position, horizontal, vertical
            estimated = epoch.status == 1 and epoch.hdop != UNKNOWN
            dilution = epoch.hdop * percent // 100 if estimated else epoch.hdop
            at = decimal(out, at, dilution, form.hdop_places, 1)
        at = count(out, at, system + 1, 1) - 1 if form.numbered else at - 1
        at = ended(out, start, at)
    return at


@part
def gsv(out: Array, at: int, epoch: Record, form: Record) -> int:
    """The satellites in view: those in use, and a few more that are too weak."""
    if epoch.clock_ms != UNKNOWN and epoch.clock_ms % (1000 * form.gsv_every_s) != 0:
        return at
    in_use = max(epoch.satellites, 0)
    for system in range(form.systems):
        used = share_of(in_use, form.systems, system)
        in_view = used + TOO_WEAK if used > 0 else 0
        sentences = max((in_view + 3) // 4, 1)
        for sentence in range(sentences):
            start = at
            at = count(out, opened(out, at, SYSTEMS[system][0], KINDS[GSV]), sentences, 1)
            at = fixed(out, count(out, at, sentence + 1, 1), in_view, 2)
            for place in range(4 * sentence, min(4 * sentence + 4, in_view)):
                at = satellite(out, at, epoch, number_of(epoch, system, place), place < used)
            at = ended(out, start, put(out, at, SIGNAL if form.numbered else 0))
    if form.qzss_talker:
        start = at
        seen = 1 if in_use > 0 else 0
        at = count(out, opened(out, at, form.qzss_talker, KINDS[GSV]), 1, 1)
        at = fixed(out, count(out, at, 1, 1), seen, 2)
        if seen:
            at = satellite(out, at, epoch, form.qzss_id, True)
        at = ended(out, start, put(out, at, SIGNAL if form.numbered else 0))
    return at


@part
def share_of(in_use: int, systems: int, system: int) -> int:
    return min((in_use + systems - 1 - system) // systems, IN_USE_MAX)


@part
def number_of(epoch: Record, system: int, place: int) -> int:
    """Satellites rise and set: others are in use half an hour later. Steps of 7 and 5 meet no number twice."""
    first, numbers = SYSTEMS[system][1], SYSTEMS[system][2]
    step = 7 if system != 1 else 5
    return first + (step * place + int(max(epoch.clock_ms, 0)) // 1_800_000) % numbers


@part
def satellite(out: Array, at: int, epoch: Record, number: int, used: bool) -> int:
    """Number, elevation, azimuth, and the signal's strength if there is one."""
    minute = max(epoch.clock_ms, 0) // 60_000
    at = fixed(out, comma(out, at), number, 2)
    at = fixed(out, comma(out, at), 5 + (number * 37 + minute // 4) % 80, 2)
    at = comma(out, fixed(out, comma(out, at), (number * 97 + minute // 2) % 360, 3))
    return fixed(out, at, 28 + (number * 11 + minute) % 20, 2) if used else at


@part
def opened(out: Array, at: int, talker: int, kind: int) -> int:
    """A sentence's address."""
    return comma(out, put(out, at, DOLLAR | talker << 8 | kind << 24))


@part
def ended(out: Array, start: int, at: int) -> int:
    """Checksum and end of the line of the sentence that begins at `start`."""
    checksum = np.uint8(0)
    for place in range(start + 1, at):
        checksum ^= out[place]
    out[at] = STAR
    at = hexadecimal(out, at + 1, int(checksum))
    out[at], out[at + 1] = CR, LF
    return at + 2


@part
def clock(out: Array, at: int, epoch: Record, form: Record) -> int:
    """The time of day; what lies beyond a day is its leap second."""
    if epoch.clock_ms != UNKNOWN:
        seconds = min(epoch.clock_ms, DAY_MS - 1) // 1000
        ms = epoch.clock_ms - 1000 * seconds
        of_minute = seconds % 60 + ms // 1000
        at = fixed(out, at, seconds // 3600 * 10_000 + seconds // 60 % 60 * 100 + of_minute, 6)
        if form.time_places:
            out[at] = POINT
            at = fixed(out, at + 1, ms % 1000 // POWERS[3 - form.time_places], form.time_places)
    return comma(out, at)


@part
def position(out: Array, at: int, epoch: Record, form: Record) -> int:
    at = angle(out, at, epoch.lat, 4, form.minute_places)
    at = letter_if(out, at, LETTER_N if epoch.lat >= 0 else LETTER_S, epoch.lat != UNKNOWN)
    at = angle(out, at, epoch.lon, 5, form.minute_places)
    return letter_if(out, at, LETTER_E if epoch.lon >= 0 else LETTER_W, epoch.lon != UNKNOWN)


@part
def angle(out: Array, at: int, value: int, digits: int, places: int) -> int:
    """Degrees and minutes in so many digits, and parts of a minute."""
    if value != UNKNOWN:
        minutes = abs(value) // POWERS[places]
        at = fixed(out, at, minutes // 60 * 100 + minutes % 60, digits)
        out[at] = POINT
        at = fixed(out, at + 1, abs(value) - minutes * POWERS[places], places)
    return comma(out, at)


@part
def mode(out: Array, at: int, epoch: Record, form: Record) -> int:
    """The letter of the mode in the last field but perhaps one."""
    if form.modes:
        at = comma(out, at)
        if epoch.mode != NOT_SAID:
            at = letter_if(out, at, epoch.mode, True) - 1
    return at


@part
def civil(days: int) -> tuple[int, int, int]:
    """Day, month and year, by days since 1980-01-01 (Neri and Schneider, from 1 March of year 0 on)."""
    century_days = 4 * (days + 723_120) + 3
    century, rest = century_days // 146_097, century_days % 146_097 // 4
    year_days = 4 * rest + 3
    year, day_of_year = year_days // 1461, year_days % 1461 // 4
    month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month + 2) // 5 + 1
    late = month >= 10
    return day, month - 9 if late else month + 3, century * 100 + year + (1 if late else 0)


@part
def decimal(out: Array, at: int, value: int, places: int, whole_digits: int) -> int:
    """A number given in its smallest parts, or nothing if it is not known, and a comma."""
    if value != UNKNOWN:
        if value < 0:
            out[at] = MINUS
            at += 1
        units = abs(value) // POWERS[places]
        at = whole(out, at, units, whole_digits)
        out[at] = POINT
        at = fixed(out, at + 1, abs(value) - units * POWERS[places], places)
    return comma(out, at)


@part
def count(out: Array, at: int, value: int, digits: int) -> int:
    """A number of at least so many digits, or nothing if it is not known, and a comma."""
    return comma(out, whole(out, at, value, digits) if value >= 0 else at)


@part
def whole(out: Array, at: int, value: int, digits: int) -> int:
    rest = value // POWERS[digits]
    while rest > 0:
        digits, rest = digits + 1, rest // 10
    return fixed(out, at, value, digits)


@part
def fixed(out: Array, at: int, value: int, digits: int) -> int:
    rest = np.uint64(value)
    for place in range(at + digits - 1, at - 1, -1):
        tens = rest // np.uint64(10)
        out[place] = np.uint8(rest - tens * np.uint64(10)) + np.uint8(48)
        rest = tens
    return at + digits


@part
def hexadecimal(out: Array, at: int, byte: int) -> int:
    """Two digits."""
    for place in range(2):
        digit = (byte >> (4 - 4 * place)) & 15
        out[at + place] = digit + 48 if digit < 10 else digit + 55
    return at + 2


@part
def put(out: Array, at: int, text: int) -> int:
    """A packed text."""
    while text:
        out[at] = text & 0xFF
        text >>= 8
        at += 1
    return at


@part
def letter_if(out: Array, at: int, sign: int, said: bool) -> int:
    """A letter if it is said, and a comma."""
    if said:
        out[at] = sign
        at += 1
    return comma(out, at)


@part
def comma(out: Array, at: int) -> int:
    out[at] = COMMA
    return at + 1
