"""What use cases build on: training of classifiers, augmentation, export to ONNX."""
