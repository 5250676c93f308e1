"""An issuer of tokens on loopback, as OpenID Connect has it: it proves its keys, and gives a token for a code whose PKCE verifier
is right."""

import base64
import hashlib
import http.server
import json
import secrets
import threading
import time
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

AUDIENCE = "station-app"
CLIENT = "console"


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Signs people in without asking, as `person`; signs tokens, and shows the gateway the key that proves them."""

    def __init__(self):
        self.key = rsa.generate_private_key(65537, 2048)
        self.person = {"station_id": "T1", "name": "王芳"}
        self.codes = {}
        issuer = self

        class Pages(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                url = urlsplit(self.path)
                if url.path == "/authorize":
                    self.answer(302, b"", {"location": issuer.authorize(dict(parse_qsl(url.query)))})
                else:
                    self.answer(200, json.dumps(issuer.documents().get(url.path, {})).encode())

            def do_POST(self):
                form = dict(parse_qsl(self.rfile.read(int(self.headers["content-length"])).decode()))
                status, answer = issuer.redeem(form)
                self.answer(status, json.dumps(answer).encode())

            def answer(self, status, body, headers=None):
                self.send_response(status)
                # The page asks from another origin.
                for name, value in {"content-type": "application/json", "access-control-allow-origin": "*", **(headers or {})}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def documents(self):
        numbers = self.key.public_key().public_numbers()
        key = {"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", "e": "AQAB", "n": encoded(numbers.n.to_bytes(256, "big"))}
        configuration = {"issuer": self.url, "jwks_uri": f"{self.url}/jwks", "authorization_endpoint": f"{self.url}/authorize",
                         "token_endpoint": f"{self.url}/token", "response_types_supported": ["code"],
                         "code_challenge_methods_supported": ["S256"]}
        return {"/.well-known/openid-configuration": configuration, "/jwks": {"keys": [key]}}

    def authorize(self, asked):
        """Where a person is sent back to, with a code."""
        assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (CLIENT, "code", "S256"), asked
        code = secrets.token_urlsafe(16)
        self.codes[code] = (asked["code_challenge"], asked["redirect_uri"])
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def redeem(self, form):
        """A token for a code: once, for the redirect and the verifier that it was asked for with."""
        proof = encoded(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if self.codes.pop(form.get("code"), None) != (proof, form.get("redirect_uri")):
            return 400, {"error": "invalid_grant"}
        token = self.token(station=None, **self.person)
        return 200, {"access_token": token, "token_type": "bearer", "expires_in": 600}

    def token(self, station="T1", key=None, **claims):
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "staff-1", "iat": now, "exp": now + 600} | claims
        if station is not None:
            claims["station_id"] = station
        parts = [encoded(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT", "kid": "1"}, claims)]
        signature = (key or self.key).sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
        return ".".join([*parts, encoded(signature)])
