"""One way to ask a model: parser, scorer, golden set; shared by gate, batch and service."""
