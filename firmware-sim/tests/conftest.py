"""What all tests of the simulator share: a small made-up town, and how hard the properties are tried."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from ploughsim.roads.made import NetworkSettings, make_network

CI = os.environ.get("CI") == "true"
settings.register_profile("simulator", deadline=None, max_examples=400 if CI else 40, print_blob=CI)
# The project's own tests name another one, of the same kind, where they run too.
if "HYPOTHESIS_PROFILE" not in os.environ:
    settings.load_profile("simulator")


@pytest.fixture(scope="session")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("roads") / "town"
    make_network(NetworkSettings(segments=1_000), folder)
    return folder
