"""The configuration of Caddy, the one public door: a pure function of names and a port.

What shifts traffic is not in it. Caddy's reload closes the clients' idle connections, and one
that is just being used fails (measured: 107 of 14,460 requests over 60 reloads). So each use
case has two slots, blue and green, whose ports, versions and share Caddy reads from small files
at every request, and a swap is the rename of one file. ``docs/decisions/0004-router.md``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from kaizen.core.errors import UsageError
from kaizen.core.ports import HOST
from kaizen.inference.refusal import MEDIA_TYPE
from kaizen.rollout.state import Desired
from kaizen.server.identity import REQUEST_ID

SLOTS = ("blue", "green")
PATHS = ("predict", "feedback", "livez", "readyz", "version", "metrics", "openapi.json", "docs")
"""What a service answers through the router; everything else is 404 before it gets there."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
"""What a service's HTTP parser knows, and so can refuse in words."""

ADMIN_SOCKET = "admin.sock"
INDEX = "index.json"
WATCHED_LOG = "watched.log"
"""One JSON line per request of a use case whose file ``NAME.watch`` is there; see canary.py."""
_WATCHED = "watched"
MAX_HEADER_BYTES = 16 * 2**10
"""More is answered 431 while it is read; ours need a few hundred."""
PIN = "X-Model-Version"
_USECASE = re.compile(r"[a-z][a-z0-9_-]*")
_VERSION = re.compile(r"[A-Za-z0-9._-]+")
_NO_VERSION = "no\nrelease"
"""No header can have this value, so an empty slot is never pinned."""

_Json = dict[str, Any]
_UNWATCHED: _Json = {"handler": "vars", "log_skip": True}
"""No request is logged, but for those that :func:`_watched` lets through."""


def config(usecases: Iterable[str], port: int) -> _Json:
    """Caddy's configuration. Its files are read from Caddy's working folder.

    Raises:
        UsageError: a name that cannot be part of a path.
    """
    names = sorted(usecases)
    server = {
        "listen": [f"{HOST}:{port}"],
        "automatic_https": {"disable": True},
        "protocols": ["h1"],
        "read_header_timeout": "10s",
        "idle_timeout": "2m",
        "logs": {"default_logger_name": _WATCHED},
        "max_header_bytes": MAX_HEADER_BYTES,
        "routes": [*(_usecase(name) for name in names), *_index()],
        "errors": {"routes": [{"handle": [_UNAVAILABLE]}]},
    }
    return {
        "admin": {"listen": f"unix/{ADMIN_SOCKET}|0600", "config": {"persist": False}},
        # The admin logger warns of "an open interface" whenever it listens on a socket file.
        "logging": {
            "logs": {
                "default": {"level": "WARN", "exclude": ["admin", "http.log.access"], **_DISCREET},
                "watched": _watched_log(),
            }
        },
        "apps": {"http": {"grace_period": "10s", "servers": {"public": server}}},
    }


def can_be_served(usecase: str) -> bool:
    """Whether a name can be part of a path."""
    return _USECASE.fullmatch(usecase) is not None


def watch_file(usecase: str) -> str:
    """Name of the file that has a use case's requests written into ``WATCHED_LOG``."""
    return f"{usecase}.watch"


def files(desired: Desired) -> dict[str, str]:
    """The small files that say where a use case's requests go, in the order of their writing.

    The share comes last: until it is written, a new release in the idle slot gets no request.
    """
    name = desired.usecase
    content = {}
    by_slot = {placed.slot: placed for placed in desired.releases}
    for slot in SLOTS:
        placed = by_slot.get(slot)
        content[f"{name}.{slot}.port"] = str(placed.port if placed else 1)
        version = _checked(placed.release.version, _VERSION) if placed else _NO_VERSION
        content[f"{name}.{slot}.version"] = version
    content[f"{name}.share"] = share({placed.slot: placed.weight for placed in desired.releases})
    return content


def share(weights: dict[str, int]) -> str:
    """The green slot's part of the traffic as four hex digits, compared with random ones.

    ``"0000"`` is nothing, ``"8000"`` one half, ``"g"`` (after every hex digit) everything.

    Raises:
        UsageError: the weights are not 100 percent together.
    """
    if sum(weights.values()) != 100 or min(weights.values()) < 0:
        raise UsageError(f"weights are {weights}: expected percent, 100 together")
    green = weights.get("green", 0)
    return "g" if green == 100 else f"{round(green / 100 * 0x10000):04x}"


def index(served: Iterable[Desired]) -> str:
    """What ``GET /`` answers: the use cases, their paths and weights."""
    usecases = {
        each.usecase: {
            "predict": f"/{each.usecase}/predict",
            "docs": f"/{each.usecase}/docs",
            "versions": {placed.release.version: placed.weight for placed in each.releases},
        }
        for each in served
    }
    return json.dumps({"service": "kaizen", "usecases": usecases})


def _subroute(routes: list[_Json]) -> _Json:
    return {"handler": "subroute", "routes": routes}


_REQUEST_ID: list[_Json] = [
    {"handle": [{"handler": "vars", "request_id": "{http.request.uuid}"}]},
    {
        # What is taken over is what was matched: it goes into JSON.
        "match": [
            {"header_regexp": {"X-Request-Id": {"name": "id", "pattern": f"^{REQUEST_ID}$"}}}
        ],
        "handle": [{"handler": "vars", "request_id": "{http.regexp.id.0}"}],
    },
]
"""Only where the router itself answers: of every request it would cost a tenth of its time."""


def _problem(status: int | str, kind: str, title: str, detail: str, **more: list[str]) -> _Json:
    """A refusal of the router's own, in the form of the services' (RFC 9457)."""
    # Caddy puts the number in place of its name; quotes around it would make it a text.
    number = status if isinstance(status, int) else "STATUS"
    body = json.dumps(
        {
            "type": kind,
            "title": title,
            "status": number,
            "detail": detail,
            "instance": "urn:kaizen:request:{http.vars.request_id}",
            "request_id": "{http.vars.request_id}",
        }
    ).replace('"STATUS"', str(status))
    headers = {"Content-Type": [MEDIA_TYPE], "X-Request-Id": ["{http.vars.request_id}"], **more}
    answer = {
        "handler": "static_response",
        "status_code": status,
        "headers": headers,
        "body": body,
    }
    return _subroute([*_REQUEST_ID, {"handle": [answer]}])


_DISCREET: _Json = {
    # Caddy itself hides Authorization; with a failure it would write the other secrets down.
    "encoder": {
        "format": "filter",
        "wrap": {"format": "json"},
        "fields": {
            f"request>headers>{name}": {"filter": "delete"}
            for name in ("Authorization", "X-Api-Key", "X-Kaizen-Probe")
        },
    }
}
_UNAVAILABLE = _problem(
    "{http.error.status_code}",
    "/problems/unavailable",
    "The request could not be passed on",
    "the model does not answer",
)
_NOT_SERVED = _problem(
    404,
    "/problems/version-not-served",
    "Version not served",
    f"the version in {PIN} is not served; GET / lists those that are",
)
_NO_METHOD = _problem(
    405,
    "about:blank",
    "Method Not Allowed",
    "services know GET, HEAD and POST",
    Allow=["GET, HEAD, POST"],
)
_NOTHING_HERE = _problem(
    404, "about:blank", "Not Found", "nothing is served at this path; GET / lists what is"
)


def _usecase(name: str) -> _Json:
    _checked(name, _USECASE)
    allowed = "|".join(re.escape(path) for path in PATHS)
    # The share's file is there as long as the use case is served. Matchers of one route are
    # asked in no order, so path and file are two routes.
    served = {"file": {"root": ".", "try_files": [f"{name}.share"]}}
    pinned: list[_Json] = [
        {
            "match": [{"header": {PIN: [f"{{file.{name}.{slot}.version}}"]}}],
            "handle": [_proxy(name, slot)],
            "terminal": True,
        }
        for slot in SLOTS
    ]
    unknown_pin = {"match": [{"header": {PIN: ["*"]}}], "handle": [_NOT_SERVED]}
    by_chance = f"{{http.request.uuid}}.substring(0, 4) < {{file.{name}.share}}"
    plain = "/{http.regexp.path.1}?{http.request.uri.query}"
    strange = {"match": [{"not": [{"method": list(METHODS)}]}], "handle": [_NO_METHOD]}
    routes: list[_Json] = [
        {**strange, "terminal": True},
        # What the service sees is the plain path, whatever dots and slashes the client wrote.
        {"handle": [_UNWATCHED, {"handler": "rewrite", "uri": plain}]},
        *pinned,
        {**unknown_pin, "terminal": True},
        {
            "match": [{"expression": by_chance}],
            "handle": [_watched(name, "green"), _proxy(name, "green")],
            "terminal": True,
        },
        {"handle": [_watched(name, "blue"), _proxy(name, "blue")]},
    ]
    inner = {"match": [served], "handle": [_subroute(routes)], "terminal": True}
    return {
        "match": [{"path_regexp": {"name": "path", "pattern": f"^/{name}/({allowed})$"}}],
        "handle": [_subroute([inner])],
    }


def _watched(name: str, slot: str) -> _Json:
    """Log a request that was led by chance, with its slot, while a canary is watched."""
    there = {"file": {"root": ".", "try_files": [watch_file(name)]}}
    handle: list[_Json] = [
        {"handler": "vars", "log_skip": False},
        {"handler": "log_append", "key": "slot", "value": f"{name}.{slot}"},
    ]
    return _subroute([{"match": [there], "handle": handle}])


def _watched_log() -> _Json:
    """Time, slot and status of a request: nothing of what was asked, nor by whom."""
    dropped = ("request", "resp_headers", "user_id", "bytes_read", "size")
    return {
        "include": [f"http.log.access.{_WATCHED}"],
        "writer": {"output": "file", "filename": WATCHED_LOG, "mode": "0600", "roll": False},
        "encoder": {
            "format": "filter",
            "wrap": {"format": "json"},
            "fields": {name: {"filter": "delete"} for name in dropped},
        },
    }


def _index() -> list[_Json]:
    """The list of use cases at ``/``, and 404 everywhere else."""
    body = f"{{file.{INDEX}}}"
    return [
        {"handle": [_UNWATCHED]},
        {"match": [{"path": ["/"]}], "handle": [_json(200, body)], "terminal": True},
        {"handle": [_NOTHING_HERE]},
    ]


def _proxy(name: str, slot: str) -> _Json:
    """To one slot, once: what a model may have counted is never asked twice."""
    return {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": f"{HOST}:{{file.{name}.{slot}.port}}"}],
        "load_balancing": {"retries": 0},
        "transport": {
            "protocol": "http",
            "dial_timeout": "2s",
            # Shorter than the servers' own, so that none closes a connection just being used.
            "keep_alive": {"idle_timeout": "30s", "max_idle_conns_per_host": 128},
        },
    }


def _json(status: int | str, body: str) -> _Json:
    return {
        "handler": "static_response",
        "status_code": status,
        "headers": {"Content-Type": ["application/json"]},
        "body": body,
    }


def _checked(text: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(text):
        raise UsageError(f"{text!r} cannot be served: expected letters, digits, '_' and '-'")
    return text
