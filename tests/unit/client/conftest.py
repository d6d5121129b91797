from linear_release import golden, onnx_model, release, rows

__all__ = ["golden", "onnx_model", "release", "rows"]
