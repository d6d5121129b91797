"""The prediction log: every answered row is one durable event.

``schema`` says what an event is, ``spool`` writes them, ``read`` reads them back, ``replay`` turns
them into what a model is fed and answered.
"""
