"""Whether what is served is still good: drift, quality, reports."""
