"""The prediction log: every answered row is one durable event.

``schema`` says what an event is, ``spool`` writes them, ``compact`` turns written
files into ``parquet``, ``read`` reads both back, ``replay`` turns events into what a model is fed
and answered.
"""
