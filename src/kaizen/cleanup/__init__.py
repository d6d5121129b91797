"""What nobody refers to any more: a collector per kind, removed through one trash."""
