"""Is a window of rows from where the reference came from? Profile, tests, verdict, stream."""
