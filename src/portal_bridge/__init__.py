"""portal_bridge: the residents' side. It reads snowtrack over its HTTP interface only, and only what is public."""
