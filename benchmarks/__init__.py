"""Speed and accuracy, measured: one door for all benchmarks, peers and limits in the same run.

`python -m benchmarks NAME [--json FILE]`. Each benchmark is a module of this package with a function
`run(progress) -> Report`; `BENCHMARKS` in `__main__` lists them.
"""
