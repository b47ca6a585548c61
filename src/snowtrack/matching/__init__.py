"""Which segment a fix was on: where a match is decided.

`matcher.Matcher` is the interface of every matcher; `nearest.match_nearest` decides; `window` holds each device's
newest fixes in observed order until the lag has passed.
"""
