"""A small OpenID provider for tests: real HTTP, real keys, real tokens, on loopback.

Here: discovery, keys, the authorization page that says yes at once, and the token endpoint with
PKCE. What it answers can be spoilt. Not here: what the desk must make of it.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "the-desk", "a secret of the client"


@dataclass
class Provider:
    """What a provider knows; `claims` go into each token, `spoil` changes them."""

    issuer: str
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    claims: dict = field(default_factory=lambda: {"sub": "s-1", "preferred_username": "Nurse"})
    spoil: dict = field(default_factory=dict)
    signs_with: RSAKey | None = None
    told_issuer: str | None = None
    codes: dict = field(default_factory=dict)

    def metadata(self) -> dict:
        return {
            "issuer": self.told_issuer or self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
        }

    def authorize(self, asked: dict) -> str:
        """Where the browser is sent back to."""
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, asked: dict) -> dict | None:
        """The answer of the token endpoint; None where the code or its proof is wrong."""
        login = self.codes.pop(asked.get("code"), None)
        if login is None or login["redirect_uri"] != asked.get("redirect_uri"):
            return None
        digest = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != login["code_challenge"]:
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": login["nonce"],
        }
        claims = {k: v for k, v in (claims | self.claims | self.spoil).items() if v is not None}
        key = self.signs_with or self.key
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)
        return {"access_token": secrets.token_urlsafe(), "token_type": "Bearer", "id_token": signed}


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider that answers on loopback."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self):
            asked = urlsplit(self.path)
            if asked.path == "/authorize":
                said = {name: values[0] for name, values in parse_qs(asked.query).items()}
                self.send_response(302)
                self.send_header("location", known.authorize(said))
                self.end_headers()
            elif asked.path == "/keys":
                self._json({"keys": [known.key.as_dict(private=False)]})
            else:
                self._json(known.metadata())

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            said = {name: values[0] for name, values in parse_qs(body).items()}
            made = known.token(said)
            self._json(made or {"error": "invalid_grant"}, 200 if made else 400)

        def _json(self, tree, code=200):
            text = json.dumps(tree).encode()
            self.send_response(code)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    known = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
