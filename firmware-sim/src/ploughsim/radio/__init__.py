"""The radio network between trackers and broker: where and when there is none, and what becomes of a message."""
