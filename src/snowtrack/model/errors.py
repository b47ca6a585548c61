"""What can break. Bad data is never an exception: it is a `Reject`. These are broken promises."""


class SnowtrackError(Exception):
    """Something is wrong that the user can act on; the text says what, where and what to do."""


class ConfigError(SnowtrackError):
    """A setting, option or environment variable is not usable."""


class NetworkDataError(SnowtrackError):
    """A road network is absent, broken or of another version."""


class SourceError(SnowtrackError):
    """A broker or another source of messages cannot be used."""


class StoreError(SnowtrackError):
    """The database cannot be used."""


class RefusedError(StoreError):
    """The database can be used, and does not take what it was given."""
