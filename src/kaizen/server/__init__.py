"""What runs inside a Bento: the application, its workers, access and metrics."""
