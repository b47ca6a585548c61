"""Payload bytes to fixes: where NMEA becomes a fix.

A pure function of one payload's bytes: `decode.decode` calls `framing` (bytes to checked lines), `sentences` (a line to
fields) and `epochs` (the sentences of one instant to one fix).
"""
