"""The least a server can do: FastAPI, ONNX Runtime with one thread, no checks, no record.

MODEL=model.onnx uvicorn benchmarks.peers.serve_fastapi:app
"""

from __future__ import annotations

import base64
import os

import numpy as np
import onnxruntime
import orjson
from fastapi import FastAPI, Request, Response

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["MODEL"], options)
name = session.get_inputs()[0].name
app = FastAPI()


def answer(pixels: bytes) -> Response:
    rows = np.frombuffer(pixels, np.uint8).reshape(-1, 28, 28, 1)
    scores = session.run(["probabilities"], {name: rows})[0]
    body = orjson.dumps({"digit": scores.argmax(1).tolist(), "confidence": scores.max(1).tolist()})
    return Response(body, media_type="application/json")


@app.post("/predict")
async def predict(request: Request) -> Response:
    return answer(await request.body())


@app.post("/json")
async def predict_json(request: Request) -> Response:
    return answer(base64.b64decode(orjson.loads(await request.body())["image"]))
