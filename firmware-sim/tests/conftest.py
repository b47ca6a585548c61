"""What all tests of the simulator share: how hard the properties are tried."""

import os

from hypothesis import settings

settings.register_profile("simulator", deadline=None, max_examples=400 if os.environ.get("CI") == "true" else 40)
if settings.get_current_profile_name() == "default":
    settings.load_profile("simulator")
