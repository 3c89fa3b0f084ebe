"""Push services that belong to nobody: what a muster server finds in its `--push-folder`.

Written from docs/push-service.md and docs/activation-service.md ("Who is let in"). Speaks HTTP/1.1,
looks at every request as those pages describe it, and keeps it for whoever asks for its token.
"""

import asyncio
import datetime
import ipaddress
import json
import ssl
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

TTL_MAX = 28 * 24 * 60 * 60  # seconds Google keeps a message


class Push(NamedTuple):
    """One push as it arrived; `ends_in` in seconds."""

    service: str
    topic: str
    magic: str
    ends_in: float


class PushServices:
    """Both services behind one port, as the fleet serves them."""

    def __init__(self):
        self.arrived: dict[str, asyncio.Queue[Push]] = defaultdict(asyncio.Queue)
        self.gone: set[str] = set()
        self.odd: list[str] = []

    @classmethod
    async def open(cls, folder: Path) -> "PushServices":
        services = cls()
        tls = credentials(folder)
        server = await asyncio.start_server(services.serve, "127.0.0.1", 0, ssl=tls)
        address = "%s:%d" % server.sockets[0].getsockname()
        (folder / "endpoint.json").write_text(json.dumps({"address": address}))
        services.server = server
        return services

    async def push(self, token: str, within: float = 10) -> Push:
        """The next push for this token."""
        return await asyncio.wait_for(self.arrived[token].get(), within)

    def waiting(self, token: str) -> int:
        return self.arrived[token].qsize()

    async def serve(self, reader, writer):
        try:
            while request := await read_request(reader):
                status, answer = self.answer(*request)
                body = json.dumps(answer).encode() if answer else b""
                head = f"HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the server goes, or the script ends
        finally:
            writer.close()

    def answer(self, line: str, headers: dict, body: bytes):
        method, path, _version = line.split(" ")
        try:
            token, push = read_push(method, path, headers, json.loads(body))
        except (ValueError, KeyError, AttributeError) as error:
            self.odd.append(f"{line}: {type(error).__name__} {error}")
            return 400, {"reason": "BadRequest"}
        self.arrived[token].put_nowait(push)
        if token not in self.gone:
            return 200, {"name": f"projects/{push.topic}/messages/1"} if push.service == "Fcm" else None
        if push.service == "Apns":
            return 410, {"reason": "Unregistered", "timestamp": int(time.time() * 1000)}
        kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
        details = [{"@type": kind, "errorCode": "UNREGISTERED"}]
        return 404, {"error": {"code": 404, "status": "NOT_FOUND", "message": "gone", "details": details}}


async def read_request(reader):
    """Request line, headers in small letters, body; None at the end of the connection."""
    line = (await reader.readline()).decode().rstrip()
    if not line:
        return None
    headers = {}
    while field := (await reader.readline()).decode().rstrip():
        name, _colon, value = field.partition(":")
        headers[name.lower()] = value.strip()
    return line, headers, await reader.readexactly(int(headers.get("content-length", 0)))


def read_push(method: str, path: str, headers: dict, body: dict) -> tuple[str, Push]:
    """The token and what is pushed to it; raises on what the services would not take."""
    parts = path.split("/")
    if method != "POST":
        raise ValueError("no POST")
    if parts[:3] == ["", "3", "device"] and len(parts) == 4:
        if headers.get("apns-push-type") != "mdm" or set(body) != {"mdm"}:
            raise ValueError("not of type mdm")
        ends_in = int(headers["apns-expiration"]) - time.time()
        return parts[3], Push("Apns", headers["apns-topic"], body["mdm"], ends_in)
    if parts[:3] == ["", "v1", "projects"] and parts[4:] == ["messages:send"]:
        message = body["message"]
        ends_in = float(message["android"]["ttl"].removesuffix("s"))
        if not 0 < ends_in <= TTL_MAX:
            raise ValueError(f"a ttl of {ends_in} s")
        return message["token"], Push("Fcm", parts[3], message["data"]["mdm"], ends_in)
    raise ValueError("no such path")


# --- who is let in ----------------------------------------------------------------------------


def credentials(folder: Path) -> ssl.SSLContext:
    """Writes what the customer needs into the folder; returns what the services listen with."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = name("interop vendor CA"), ec.generate_private_key(ec.SECP256R1())
    certified(folder / "ca.pem", authority, authority)
    own, customer = key(folder / "own-key.pem"), key(folder / "push-key.pem")
    certified(folder / "own.pem", authority, (name("interop vendor"), own), ExtendedKeyUsageOID.SERVER_AUTH)
    mine = name("interop customer"), customer
    certified(folder / "push-certificate.pem", authority, mine, ExtendedKeyUsageOID.CLIENT_AUTH)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.minimum_version = ssl.TLSVersion.TLSv1_3
    tls.load_cert_chain(folder / "own.pem", folder / "own-key.pem")
    tls.load_verify_locations(folder / "ca.pem")
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.set_alpn_protocols(["http/1.1"])
    return tls


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def key(path: Path):
    made = ec.generate_private_key(ec.SECP256R1())
    formats = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.touch(0o600)
    path.write_bytes(made.private_bytes(*formats, serialization.NoEncryption()))
    return made


def certified(path: Path, authority, subject, usage=None):
    """A certificate for `subject`, a name and a key; without a usage, that of an authority."""
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(authority[0], subject[0], subject[1].public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - day).not_valid_after(now + day)
    builder = builder.add_extension(x509.BasicConstraints(usage is None, None), critical=True)
    if usage:
        local = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        builder = builder.add_extension(local, critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    made = builder.sign(authority[1], hashes.SHA256())
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
