"""The steps of one monitored window, in their order: window, quality, drift, performance, ..."""
