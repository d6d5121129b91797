"""What is served: desired state, router, model servers, and the way back."""
