"""A model server of a few lines: port, version, behaviour. Its answers name its version."""

import asyncio
import json
import sys

import uvicorn

port, version, behaviour = int(sys.argv[1]), sys.argv[2], sys.argv[3]
if behaviour == "exits":
    sys.exit("model.onnx is damaged")


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    content, more = b"", True
    while more:
        message = await receive()
        content, more = content + message.get("body", b""), message.get("more_body", False)
    status, answer = 200, {}
    await asyncio.sleep(float(dict(scope["headers"]).get(b"x-delay", 0)))
    if scope["path"] == "/predict":
        rows = json.loads(content).get("rows", [{}]) if content else [{}]
        golden = rows == [{"x": 1.0}]
        other = behaviour == "wrong" or (behaviour == "changes" and not golden)
        answers = [{"value": 2.5 if other else 1.5} for _ in rows]
        answer = {"model_version": version, "predictions": answers}
        if any(row.get("x") == -1 for row in rows) or (behaviour == "refuses" and not golden):
            status, answer = 400, {"detail": "x is not a number this model knows"}
        if behaviour == "fails" and b"x-kaizen-probe" not in dict(scope["headers"]):
            status, answer = 500, {"error": {"field": "service", "reason": "broken"}}
    elif scope["path"] == "/readyz" and behaviour == "never-ready":
        status, answer = 503, {"error": {"field": "service", "reason": "still loading"}}
    elif scope["path"] == "/version":
        answer = {"raw": scope["raw_path"].decode(), "query": scope["query_string"].decode()}
    elif scope["path"] != "/readyz":
        status = 404
    body = json.dumps(answer).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
