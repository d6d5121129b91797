"""What is learnt from: digests, versions, contracts, quarantine and splits."""
