"""Receiver families: how each writes the same sentences, by what its maker or a recording of it shows.

The table is FAMILIES; FORMS is the same as numbers, for compiled code. A family is known by its place in the table.

    u-blox 6, M8, F9   Receiver Description G6-SW-10018; UBX-13003221; UBX-18010802 and UBX-19035940 (NMEA 4.11)
    MediaTek           MT3339 from power on (gpsd's test/daemon/mt3339.log)
    Quectel L80        L80 GPS Protocol Specification V1.2, 2014-08-19
    SiRF               NMEA Reference Manual 1050-0042 rev. 2.1, December 2007; "signal not acquired" of SiRFstarII
    SkyTraq            PX1122R from power on; gpsd's test/daemon/skytraq-dgps.log; PX1172RH manual
    Furuno             GNSSDO NMEA Reference Manual rev. A (the GT-87's sentences), GT-87 start-up position
    Garmin 18x         190-00879-08 rev. B, section 4.2; gpsd's test/daemon/garmin17n.log
    Sony               CXD5605 from power on (Zephyr's sample); CXD5602: GGA of the Spresense library

The default days of u-blox, Furuno and Garmin are none of their documents': they are such as trackers were seen with.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from enum import IntEnum

import numpy as np


class Kind(IntEnum):
    """Sentences, by their bit in a mask of kinds."""

    RMC = 1
    GGA = 2
    VTG = 3
    GSA = 4
    GSV = 5
    GLL = 6
    ZDA = 7
    GNS = 8

    @property
    def bit(self) -> int:
        return 1 << self


class Void(IntEnum):
    """Where a receiver without a fix says it is."""

    NOWHERE = 0
    ORIGIN = 1
    LAST = 2


class Units(IntEnum):
    """When GGA writes the M behind its heights."""

    BESIDE_VALUE = 0
    ALWAYS = 1
    WITH_ALTITUDE = 2


ALL_KINDS = sum(kind.bit for kind in Kind)
KEPT_KINDS = Kind.RMC.bit | Kind.GGA.bit
"""What trackers keep of a receiver's sentences."""

R, G, V, A, S, L, Z, N = (Kind.RMC, Kind.GGA, Kind.VTG, Kind.GSA, Kind.GSV, Kind.GLL, Kind.ZDA, Kind.GNS)
_EMPTY, _ZERO = -1, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """How a receiver writes.

    order              its sentences, as they follow each other in an epoch
    talker, gga_talker GGA may speak for another system than the rest
    own_talkers        each system's GSA speaks for itself (GPGSA, GLGSA), not for all (GNGSA)
    …_places           decimals: of minutes of arc, seconds, knots, degrees, metres of height, dilution
    whole_digits       digits before the point of speed and course
    satellites_digits  "7" or "07"
    modes, nav_status  behind RMC, VTG and GLL the mode (NMEA 2.3); at the end of RMC and GNS the status (NMEA 4.1), V:
                       it does not say whether it is safe to go by
    variation          magnetic variation and its side
    geoid              the separation of the geoid is said
    tail               age and station of the corrections, without them and with
    systems            how many satellite systems: GPS, GLONASS, Galileo, BeiDou
    numbered           GSA ends in the number of its system, GSV in that of its signal (NMEA 4.11)
    qzss_talker, …_id  whose satellites appear in GSV only
    gsv_every_s        GSV comes every so many seconds
    zone               behind the date of ZDA

    Without a fix: void_position; void_motion, void_altitude, void_separation and void_hdop (in smallest parts; -1
    empty); shows_clock: its own clock, from power-up; default_days: which day that has, when nothing has set it (from
    1980-01-01); start_…: where it says to be before its first fix, in minutes of arc. Below still_knots, in smallest
    parts, it gives no course. With sbas it uses corrections.
    """

    name: str
    order: Sequence[Kind]
    talker: str = "GP"
    gga_talker: str = ""
    own_talkers: bool = False
    minute_places: int = 4
    time_places: int = 3
    speed_places: int = 2
    course_places: int = 2
    altitude_places: int = 1
    hdop_places: int = 1
    whole_digits: int = 1
    satellites_digits: int = 2
    modes: bool = True
    nav_status: str = ""
    variation: str = ","
    geoid: bool = True
    gga_units: Units = Units.WITH_ALTITUDE
    vtg_units: bool = False
    tail: str = ","
    differential_tail: str = ","
    systems: int = 1
    numbered: bool = False
    qzss_talker: str = ""
    qzss_id: int = 0
    gsv_every_s: int = 1
    zone: str = "00,00"
    void_position: Void = Void.NOWHERE
    void_motion: int = _EMPTY
    void_altitude: int = _EMPTY
    void_separation: int = _EMPTY
    void_hdop: int = _EMPTY
    shows_clock: bool = True
    default_days: int = 0
    start_lat_minutes: int = 0
    start_lon_minutes: int = 0
    still_knots: int = 0
    sbas: bool = False


def days(year: int, month: int, day: int) -> int:
    """Days since 1980-01-01, as an epoch counts them."""
    return (date(year, month, day) - date(1980, 1, 1)).days


_GPS_BEGINS = days(1980, 1, 6)

FAMILIES: Sequence[Family] = (
    Family(
        name="u-blox-6",
        order=(R, V, G, A, S, L),
        minute_places=5,
        time_places=2,
        speed_places=3,
        hdop_places=2,
        differential_tail=",0120",
        void_hdop=9999,
        shows_clock=False,
        default_days=_GPS_BEGINS,
        still_knots=200,
        sbas=True,
    ),
    Family(
        name="u-blox-m8",
        order=(R, V, G, A, S, L),
        talker="GN",
        minute_places=5,
        time_places=2,
        speed_places=3,
        hdop_places=2,
        differential_tail=",0000",
        systems=2,
        void_hdop=9999,
        shows_clock=False,
        default_days=days(2015, 10, 18),
        still_knots=200,
        sbas=True,
    ),
    Family(
        name="u-blox-f9",
        order=(R, V, G, A, S, L),
        talker="GN",
        minute_places=7,
        time_places=2,
        speed_places=3,
        altitude_places=3,
        hdop_places=2,
        nav_status=",V",
        differential_tail=",0137",
        systems=4,
        numbered=True,
        qzss_talker="GQ",
        qzss_id=3,
        void_hdop=9999,
        shows_clock=False,
        default_days=days(2019, 4, 7),
        still_knots=200,
        sbas=True,
    ),
    Family(
        name="mediatek",
        order=(G, A, S, R, V),
        hdop_places=2,
        satellites_digits=1,
        gga_units=Units.ALWAYS,
        vtg_units=True,
        void_motion=_ZERO,
        default_days=_GPS_BEGINS,
    ),
    Family(
        name="quectel-l80",
        order=(R, V, G, A, S, L),
        hdop_places=2,
        satellites_digits=1,
        gga_units=Units.ALWAYS,
        vtg_units=True,
        void_motion=_ZERO,
        default_days=_GPS_BEGINS,
        sbas=True,
    ),
    Family(
        name="sirf",
        order=(G, A, S, R),
        modes=False,
        gga_units=Units.BESIDE_VALUE,
        tail=",0000",
        differential_tail=",0000",
        gsv_every_s=5,
        void_position=Void.ORIGIN,
        void_altitude=_ZERO,
        void_hdop=_ZERO,
        default_days=days(1999, 12, 4),
    ),
    Family(
        name="skytraq",
        order=(G, A, S, L, R, V, Z),
        talker="GN",
        gga_talker="GP",
        own_talkers=True,
        minute_places=5,
        speed_places=1,
        course_places=1,
        whole_digits=3,
        nav_status=",V",
        vtg_units=True,
        tail=",0000",
        differential_tail=",0000",
        systems=4,
        numbered=True,
        gsv_every_s=3,
        void_position=Void.ORIGIN,
        void_motion=_ZERO,
        void_altitude=_ZERO,
        void_separation=_ZERO,
        void_hdop=_ZERO,
        default_days=_GPS_BEGINS,
        sbas=True,
    ),
    Family(
        name="furuno",
        order=(R, N, G, V, A, Z, S),
        talker="GN",
        satellites_digits=1,
        nav_status=",V",
        gga_units=Units.ALWAYS,
        vtg_units=True,
        systems=3,
        numbered=True,
        qzss_talker="QZ",
        qzss_id=93,
        zone="+00,00",
        void_position=Void.LAST,
        void_motion=_ZERO,
        default_days=days(2006, 5, 21),
        start_lat_minutes=34 * 60 + 44,
        start_lon_minutes=135 * 60 + 21,
        sbas=True,
    ),
    Family(
        name="garmin-18x",
        order=(R, G, A, S, L, V),
        time_places=0,
        speed_places=1,
        course_places=1,
        whole_digits=3,
        variation="007.9,W",
        vtg_units=True,
        void_position=Void.LAST,
        default_days=days(2000, 1, 1),
        sbas=True,
    ),
    Family(
        name="sony",
        order=(G, L, A, N, R, V, Z),
        time_places=2,
        speed_places=1,
        course_places=1,
        nav_status=",V",
        geoid=False,
        vtg_units=True,
        numbered=True,
        zone=",",
        default_days=_GPS_BEGINS,
    ),
)
FAMILY_NAMES = tuple(family.name for family in FAMILIES)


def packed(text: str) -> int:
    """Up to seven ASCII characters as a number, the first one lowest."""
    return int.from_bytes(text.encode("ascii"), "little")


# A family as numbers: short texts packed, the order of sentences packed with the first one lowest. The units are those
# of an epoch's row in parts: of a minute, a millisecond's share, a knot, a metre.
FORM = np.dtype([(one.name, np.int64) for one in fields(Family) if one.name != "name"])


def _form(family: Family) -> tuple[int, ...]:
    values = {name: getattr(family, name) for name in FORM.names or ()}
    values["order"] = sum(kind << 4 * place for place, kind in enumerate(family.order))
    values["gga_talker"] = family.gga_talker or family.talker
    return tuple(packed(value) if isinstance(value, str) else int(value) for value in values.values())


FORMS = np.array([_form(family) for family in FAMILIES], FORM)
