"""Which segment a fix was on, which way, and how surely: where a match is decided.

`matcher.Matcher` joins the parts: `window` keeps each device's newest fixes in order, `lattice` gives them columns of
states (`motion`, `forward`), `answers` settles them (`backward`, `confidence`) and says what was driven (`drive`,
`path`). What is remembered between batches is in `memory`, what is likely in `costs`.
"""
