"""A model server of a few lines: port, version, behaviour. Its answers name its version."""

import asyncio
import json
import signal
import sys

import uvicorn

port, version, behaviour = int(sys.argv[1]), sys.argv[2], sys.argv[3]
if behaviour == "exits":
    sys.exit("model.onnx is damaged")


async def app(scope, receive, send):
    if scope["type"] != "http":
        if behaviour == "abrupt":  # in place of uvicorn's, which answers first
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        return
    while (await receive()).get("more_body"):
        pass
    status, answer = 200, {}
    if delay := dict(scope["headers"]).get(b"x-delay"):
        print("waiting", flush=True)
        await asyncio.sleep(float(delay))
    if scope["path"] == "/predict":
        value = 1.5 if behaviour != "wrong" else 2.5
        answer = {"model_version": version, "predictions": [{"value": value}]}
        if behaviour == "fails" and b"x-kaizen-probe" not in dict(scope["headers"]):
            status, answer = 500, {"type": "about:blank", "detail": "broken"}
    elif scope["path"] == "/readyz" and behaviour == "never-ready":
        status, answer = 503, {"type": "/problems/not-ready", "detail": "still loading"}
    elif scope["path"] == "/version":
        answer = {"raw": scope["raw_path"].decode(), "query": scope["query_string"].decode()}
    elif scope["path"] != "/readyz":
        status = 404
    body = json.dumps(answer).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
