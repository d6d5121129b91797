"""The least a server can do: FastAPI, ONNX Runtime with one thread, no checks, no record.

MODEL=model.onnx uvicorn benchmarks.peers.serve_fastapi:app
"""

from __future__ import annotations

import base64

import orjson
from fastapi import FastAPI, Request, Response

from benchmarks.peers.digits_session import Digits

model = Digits()
app = FastAPI()


def answer(pixels: bytes) -> Response:
    return Response(orjson.dumps(model(pixels)), media_type="application/json")


@app.post("/predict")
async def predict(request: Request) -> Response:
    return answer(await request.body())


@app.post("/json")
async def predict_json(request: Request) -> Response:
    return answer(base64.b64decode(orjson.loads(await request.body())["image"]))
