"""What can be wrong with the things a user gives us; every message says what, where and what to do."""


class PloughSimError(Exception):
    """plough-sim cannot go on."""


class ScenarioError(PloughSimError):
    """A scenario, or a flag that replaces one of its keys, is wrong."""


class NetworkError(PloughSimError):
    """A road network folder cannot be used."""


class BrokerAddressError(PloughSimError):
    """The address of the broker cannot be understood."""


class StateError(PloughSimError):
    """The state folder cannot be used."""


class RingError(PloughSimError):
    """A tracker's flash does not hold what it promised."""


class OutputError(PloughSimError):
    """What the simulator makes cannot be written."""


class MessageFileError(PloughSimError):
    """A file of messages cannot be read."""


class ScoreError(PloughSimError):
    """A night cannot be scored."""
