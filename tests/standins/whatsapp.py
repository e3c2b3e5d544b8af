"""WhatsApp's Cloud API as its documentation describes it: state, limits, error codes, signed and repeated webhooks.

A request that the documentation would call wrong is kept in ``violations`` (and refused), so that a test fails even
where the adapter copes. Where the provider's own description is at hand, every body is held against it too.
"""

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import msgspec

DOCUMENT: Final = Path(__file__).resolve().parents[3] / "shared/providers/whatsapp/whatsapp-cloud-api.v23.json"
TOKEN: Final = "EAABtesting.token-1"
SECRET: Final = "app-secret-of-the-standin"
PHONE_ID: Final = "106540352242922"
NUMBER: Final = "15550783881"
_PATH: Final = re.compile(r"/v23\.0/(\d+)/messages")
_LONG_SPACES: Final = re.compile(r"[\n\t]| {5,}")
FIELDS: Final = {"messaging_product", "recipient_type", "to", "type", "template", "text", "biz_opaque_callback_data"}


class Message(msgspec.Struct, kw_only=True):
    id: str
    to: str
    kind: str
    reference: str
    body: dict[str, Any]


class Refusal(Exception):
    def __init__(self, status: int, code: int, message: str, *, fault: bool = True) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.fault = status, code, message, fault


class WhatsApp:
    """``templates``: (name, language) -> how many places its body has. ``refuse``: number -> code of the next answer.
    ``windows``: numbers that wrote within a day.
    """

    def __init__(self) -> None:
        self.url = ""
        self.templates: dict[tuple[str, str], int] = {}
        self.refuse: dict[str, int] = {}
        self.windows: set[str] = set()
        self.messages: list[Message] = []
        self.violations: list[str] = []
        self._lock = threading.Lock()
        self._schemas = _schemas()

    def to(self, number: str) -> list[Message]:
        return [message for message in self.messages if message.to == number.removeprefix("+")]

    def take(self, path: str, headers: dict[str, str], raw: bytes) -> dict[str, Any]:
        """Raises Refusal."""
        with self._lock:
            try:
                return self._taken(path, headers, raw)
            except Refusal as refused:
                if refused.fault:
                    self.violations.append(f"{refused.code}: {refused.message}")
                raise

    def _taken(self, path: str, headers: dict[str, str], raw: bytes) -> dict[str, Any]:
        if headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refusal(401, 190, "Invalid OAuth access token", fault=False)
        match = _PATH.fullmatch(path)
        if match is None or match[1] != PHONE_ID:
            raise Refusal(400, 100, f"Unsupported post request {path}")
        if headers.get("content-type", "").split(";")[0] != "application/json":
            raise Refusal(400, 100, "the body is not JSON")
        try:
            body = json.loads(raw)
        except ValueError:
            raise Refusal(400, 100, "the body is not JSON") from None
        self._check(body)
        number = body["to"]
        if number in self.refuse:
            code = self.refuse.pop(number)
            raise Refusal(400, code, f"(#{code}) as told", fault=False)
        kind = body["type"]
        if kind == "text" and number not in self.windows:
            raise Refusal(400, 131047, "Re-engagement message", fault=False)
        if kind == "template":
            self._check_template(body["template"])
        told = Message(
            id=f"wamid.{len(self.messages) + 1:04d}{number}",
            to=number,
            kind=kind,
            reference=body.get("biz_opaque_callback_data", ""),
            body=body,
        )
        self.messages.append(told)
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": number, "wa_id": number}],
            "messages": [{"id": told.id, "message_status": "accepted"}],
        }

    def _check(self, body: dict[str, Any]) -> None:
        for name, part in _parts(body):
            for error in self._schemas[name].iter_errors(part) if name in self._schemas else ():
                raise Refusal(400, 100, f"{name} {list(error.instance_path)}: {error.message[:300]}")
        if unknown := set(body) - FIELDS:
            raise Refusal(400, 100, f"unexpected fields {sorted(unknown)}")
        if body.get("messaging_product") != "whatsapp":
            raise Refusal(400, 100, "messaging_product is required")
        if body.get("recipient_type") != "individual" or body.get("type") not in {"template", "text"}:
            raise Refusal(400, 131009, "recipient_type or type")
        if not re.fullmatch(r"[1-9][0-9]{6,14}", str(body.get("to", ""))):
            raise Refusal(400, 131009, "to is not a number with its country code")
        if len(body.get("biz_opaque_callback_data", "")) > 512:
            raise Refusal(400, 100, "biz_opaque_callback_data is too long")
        if body["type"] == "text" and not 0 < len(body["text"]["body"]) <= 4096:
            raise Refusal(400, 100, "text.body is empty or too long")

    def _check_template(self, template: dict[str, Any]) -> None:
        places = self.templates.get((template["name"], template["language"]["code"]))
        if places is None:
            raise Refusal(404, 132001, f"Template {template['name']} does not exist in {template['language']['code']}")
        bodies = [part for part in template["components"] if part["type"] == "body"]
        buttons = [part for part in template["components"] if part["type"] == "button"]
        filled = [value["text"] for part in bodies for value in part["parameters"]]
        if len(filled) != places or len(buttons) != 1 or len(buttons[0]["parameters"]) != 1:
            raise Refusal(400, 132000, f"{template['name']}: number of parameters does not match")
        for text in (*filled, buttons[0]["parameters"][0]["text"]):
            if not text.strip():
                raise Refusal(400, 131008, "a parameter is missing its text")
            if _LONG_SPACES.search(text):
                raise Refusal(400, 132018, f"a parameter has line breaks, tabs or many spaces: {text!r}")


def signed(body: Any) -> tuple[bytes, dict[str, str]]:
    """A webhook as the provider writes and signs it: what is not ASCII escaped."""
    raw = json.dumps(body, ensure_ascii=True).replace("/", "\\/").encode()
    told = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    return raw, {"x-hub-signature-256": f"sha256={told}", "content-type": "application/json"}


def status_of(message: Message, stage: str, at: int, code: int | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": message.id,
        "status": stage,
        "timestamp": str(at),
        "recipient_id": message.to,
        "biz_opaque_callback_data": message.reference,
    }
    if code is not None:
        told["errors"] = [{"code": code, "title": "as told", "message": "as told", "error_data": {"details": "-"}}]
    return told


def text_from(number: str, text: str, at: int, ref: str = "wamid.in1") -> dict[str, Any]:
    return {"from": number.removeprefix("+"), "id": ref, "timestamp": str(at), "type": "text", "text": {"body": text}}


def envelope(*, statuses: tuple[Any, ...] = (), messages: tuple[Any, ...] = (), phone_id: str = PHONE_ID) -> Any:
    """One entry and change for each kind, as they come."""
    metadata = {"display_phone_number": NUMBER, "phone_number_id": phone_id}
    values: list[dict[str, Any]] = []
    if statuses:
        values.append({"messaging_product": "whatsapp", "metadata": metadata, "statuses": list(statuses)})
    if messages:
        contacts = [{"profile": {"name": "ن"}, "wa_id": message.get("from", "")} for message in messages]
        told = {"messaging_product": "whatsapp", "metadata": metadata, "contacts": contacts, "messages": list(messages)}
        values.append(told)
    changes = [{"value": value, "field": "messages"} for value in values]
    return {"object": "whatsapp_business_account", "entry": [{"id": "419561257915477", "changes": changes}]}


@contextmanager
def whatsapp() -> Iterator[WhatsApp]:
    service = WhatsApp()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer leaves in one piece: in two, the second waits for the receipt of the first

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                self._answer(200, service.take(self.path, headers, raw))
            except Refusal as refused:
                error = {"message": refused.message, "type": "OAuthException", "code": refused.code, "fbtrace_id": "A1"}
                self._answer(refused.status, {"error": error})

        def _answer(self, status: int, body: Any) -> None:
            told = json.dumps(body).encode()
            self.send_response_only(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, format: str, *args: object) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert service.violations == []


def _parts(body: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each part with the name of what describes it: the document leaves components and parameters open."""
    yield {"text": "TextMessage"}.get(body.get("type", ""), "TemplateMessage"), body
    for part in (body.get("template") or {}).get("components", []):
        yield "ButtonComponent" if part.get("type") == "button" else "BodyComponent", part
        name = "ButtonTextParameter" if part.get("type") == "button" else "TextParameter"
        for value in part.get("parameters", []):
            yield name, value


def _schemas() -> dict[str, Any]:
    """The provider's own description of a message, where it is at hand. Two slips in it are put right: its pattern of a
    button's ``index`` refuses the "0" of its own examples, and its text messages may hold nothing but their text.
    """
    if not DOCUMENT.exists():
        return {}
    document = json.loads(DOCUMENT.read_text("utf-8").replace('"^[2-6, 11-14]$"', '"^[0-9]$"'))
    document["components"]["schemas"]["TextMessage"]["allOf"][1].pop("additionalProperties", None)
    names = ("TextMessage", "TemplateMessage", "BodyComponent", "ButtonComponent", "TextParameter")
    return {
        name: jsonschema_rs.validator_for(
            {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        )
        for name in (*names, "ButtonTextParameter")
    }
