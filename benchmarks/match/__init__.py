"""Map matching, measured: tracks with truth, peers, a scorer by stated definitions.

`devset` real tracks with the roads driven, `parallel` two roads side by side, `nights` simulated drives on real roads;
`noise` spoils tracks, `arcs` says what is compared, `score` compares, `peers` are those beside us, `ours` is us.
"""
