"""How notices leave: mail (`mail`) and calls of another system (`webhook`), in the words of `texts`.

What cannot be sent raises `NotSentError`, whose text says why and holds no secret.
"""

from snowtrack.model.errors import SnowtrackError


class NotSentError(SnowtrackError):
    """A notice could not be handed over."""
