"""What wrk says, and when it is no measurement."""

import pytest

from benchmarks.serve.nginx import rate_of

SAID = """Running 10s test @ http://127.0.0.1:22884
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.27ms    1.12ms  17.15ms   91.09%
    Req/Sec    14.54k     3.56k   18.28k    82.18%
  146101 requests in 10.11s, 2.04GB read
Requests/sec:  14455.33
Transfer/sec:    206.39MB
"""
TILE_BYTES = 14_391.0


def test_its_rate_is_read() -> None:
    assert rate_of(SAID, TILE_BYTES) == 14455.33


@pytest.mark.parametrize(
    "fault",
    [
        "  Socket errors: connect 0, read 3, write 0, timeout 0\n",
        "  Non-2xx or 3xx responses: 12\n",
    ],
)
def test_a_rate_with_errors_is_none(fault: str) -> None:
    with pytest.raises(RuntimeError, match="wrk"):
        rate_of(SAID.replace("Requests/sec", f"{fault}Requests/sec"), TILE_BYTES)


def test_answers_without_tiles_in_them_do_not_count() -> None:
    with pytest.raises(RuntimeError, match="not all whole tiles"):
        rate_of(SAID.replace("2.04GB", "31.20MB"), TILE_BYTES)


def test_what_says_nothing_is_no_rate() -> None:
    with pytest.raises(RuntimeError, match="unable to connect"):
        rate_of("unable to connect to 127.0.0.1:1 Connection refused\n", TILE_BYTES)
