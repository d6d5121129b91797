"""Are the answers right: by labels where they came, estimated where the model may be asked."""
