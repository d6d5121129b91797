"""What is learnt, a folder each."""
