"""A real OpenID provider on a loopback port, as far as an API needs one: a discovery document and keys; it signs tokens."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from joserfc import jwk, jwt

KINDS = {"RS256": ("RSA", 2048), "PS256": ("RSA", 2048), "ES256": ("EC", "P-256"), "Ed25519": ("OKP", "Ed25519")}


class Issuer:
    """`at` is when its tokens are made, in seconds; `answers` False: it answers 503 to everything."""

    def __init__(self, at):
        self.at = at
        self.keys = {}
        self.answers, self.asked = True, 0
        self.more = {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked += 1
                known = {"/realm/.well-known/openid-configuration": issuer.about, "/keys": issuer.jwks}
                found = known.get(self.path)
                self.send_response(200 if issuer.answers and found else 503)
                self.end_headers()
                if issuer.answers and found:
                    self.wfile.write(json.dumps(found()).encode())

            def log_message(self, *_):
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        self.url = f"{self.base}/realm"

    def about(self):
        """Where its keys are."""
        return {"issuer": self.url, "jwks_uri": f"{self.base}/keys", **self.more}

    def jwks(self):
        """Its public keys."""
        return {"keys": [{**key.as_dict(private=False), "kid": kid, "use": "sig"} for kid, key in self.keys.items()]}

    def make(self, kid, algorithm="RS256"):
        """A new key."""
        kind, size = KINDS[algorithm]
        self.keys[kid] = jwk.generate_key(kind, size)

    def token(self, kid="one", algorithm="RS256", *, key=None, header=None, **claims):
        """A token of Anna's; a claim that is None is left out."""
        said = {"iss": self.url, "aud": "milepost", "sub": "anna", "iat": self.at, "exp": self.at + 300, **claims}
        said = {name: value for name, value in said.items() if value is not None}
        head = {"alg": algorithm, "kid": kid, **(header or {})}
        return jwt.encode(
            {name: value for name, value in head.items() if value is not None},
            said,
            key or self.keys[kid],
            algorithms=[algorithm],
        )

    def close(self):
        """It is gone."""
        self.server.shutdown()
        self.server.server_close()
