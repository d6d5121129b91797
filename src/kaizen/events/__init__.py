"""The prediction log: every answered row is one durable event.

``schema`` says what an event is, ``spool`` writes them, ``compact`` turns written
files into ``parquet``, ``read`` reads both back, ``replay`` turns events into what a model is fed
and answered. ``label`` says what a label is, ``labels`` writes and reads them, ``labelling`` takes
them from people and tables, ``joined`` lays them beside their events.
"""
