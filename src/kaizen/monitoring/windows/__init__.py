"""Windows of events: which is next, its data, its assessment, and the store of assessments."""
