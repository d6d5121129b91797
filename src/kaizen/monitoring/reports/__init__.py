"""What people read: drawn, never decided."""
