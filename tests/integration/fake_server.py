"""A model server of a few lines: port, version, behaviour. Its answers name its version."""

import asyncio
import json
import signal
import sys

import uvicorn

port, version, behaviour = int(sys.argv[1]), sys.argv[2], sys.argv[3]
if behaviour == "exits":
    sys.exit("model.onnx is damaged")


def predict(content, probe):
    if behaviour == "fails" and not probe:
        return 500, {"type": "about:blank", "detail": "broken"}
    rows = json.loads(content).get("rows", [{}]) if content else [{}]
    golden = rows == [{"x": 1.0}]
    if any(row.get("x") == -1 for row in rows) or (behaviour == "refuses" and not golden):
        return 400, {"detail": "x is not a number this model knows"}
    other = behaviour == "wrong" or (behaviour == "changes" and not golden)
    return 200, {
        "model_version": version,
        "predictions": [{"value": 2.5 if other else 1.5} for _ in rows],
    }


async def app(scope, receive, send):
    if scope["type"] != "http":
        if behaviour == "abrupt":  # in place of uvicorn's, which answers first
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        return
    content, more = b"", True
    while more:
        message = await receive()
        content, more = content + message.get("body", b""), message.get("more_body", False)
    status, answer = 200, {}
    if delay := dict(scope["headers"]).get(b"x-delay"):
        print("waiting", flush=True)
        await asyncio.sleep(float(delay))
    if scope["path"] == "/predict":
        status, answer = predict(content, b"x-kaizen-probe" in dict(scope["headers"]))
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
