"""Performance: measured by labels where they came, estimated where the model may be asked."""
