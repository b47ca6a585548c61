"""An epoch as numbers, at its receiver's resolution: from such a row its text follows byte for byte.

What is not said is UNKNOWN, or -1 in the small fields.
"""

import numpy as np

UNKNOWN = -(1 << 31)
NOT_SAID = -1

# From `boot` to `buffer` it is the tracker's own sentence: angle and width in tenths of a degree and of a metre,
# density in tenths of g/m², battery in hundredths of a volt. The rest is the receiver's: the time of day and the days
# since 1980-01-01 that its clock shows; status 1 where the fix is valid; `mode` the letter of RMC as a byte; latitude
# and longitude in the receiver's smallest part of a minute of arc, negative south and west; speed, course,
# altitude and dilution in its smallest parts of a knot, a degree, a metre and one; separation of the geoid in tenths
# of a metre.
EPOCH = np.dtype(
    [
        ("boot", np.int64),
        ("seq", np.int64),
        ("uptime_ms", np.int64),
        ("blade", np.int8),
        ("spreader", np.int8),
        ("pto", np.int8),
        ("angle_tenths", np.int32),
        ("density_tenths", np.int32),
        ("width_tenths", np.int32),
        ("inputs", np.int32),
        ("battery_hundredths", np.int32),
        ("buffer", np.int32),
        ("clock_ms", np.int32),
        ("date_days", np.int32),
        ("status", np.int8),
        ("quality", np.int8),
        ("mode", np.int8),
        ("lat", np.int64),
        ("lon", np.int64),
        ("speed", np.int32),
        ("course", np.int32),
        ("altitude", np.int32),
        ("separation_tenths", np.int32),
        ("satellites", np.int16),
        ("hdop", np.int32),
    ],
    align=True,
)
