"""Windows of events, what was found of each, and where that is kept."""
