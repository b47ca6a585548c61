"""What all tests of the simulator share: how hard the properties are tried."""

import os

from hypothesis import settings

CI = os.environ.get("CI") == "true"
settings.register_profile("simulator", deadline=None, max_examples=400 if CI else 40, print_blob=CI)
# The project's own tests name another one, of the same kind, where they run too.
if "HYPOTHESIS_PROFILE" not in os.environ:
    settings.load_profile("simulator")
