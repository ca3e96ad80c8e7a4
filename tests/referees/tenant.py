"""The demo tenant as a referee sees it: where it is, and how to sign in to it."""

import json
import os
import ssl
import urllib.error
import urllib.parse
import urllib.request


class Tenant:
    """A running tenant, read from the file that $PILLARBOX_TENANT names."""

    def __init__(self):
        with open(os.environ["PILLARBOX_TENANT"], encoding="utf-8") as file:
            self.__dict__.update(json.load(file))
        self.tls = ssl.create_default_context(cafile=self.ca_file)

    def post(self, url, **fields):
        """Posts a form and returns the JSON of the answer, or its text."""
        body = urllib.parse.urlencode(fields).encode()
        with urllib.request.urlopen(url, body, context=self.tls) as answer:
            text = answer.read().decode()
        return json.loads(text) if text.startswith("{") else text

    def endpoint(self, name):
        """Returns an address of the sign-in service."""
        return self.authority.removesuffix("/v2.0") + "/oauth2/v2.0/" + name

    def token(self, scope, person=None):
        """Signs a person in with a device code, as they would in a browser, and returns an access token."""
        code = self.post(self.endpoint("devicecode"), client_id=self.client_id, scope=scope)
        self.post(self.base + "/device/answer", code=code["user_code"], person=person or self.user, answer="continue")
        tokens = self.post(
            self.endpoint("token"),
            grant_type="urn:ietf:params:oauth:grant-type:device_code",
            client_id=self.client_id,
            device_code=code["device_code"],
        )
        return tokens["access_token"]

    def app_token(self, key, scope):
        """Returns an app's own access token."""
        app = self.apps[key]
        with open(app["secret_file"], encoding="utf-8") as file:
            secret = file.read()
        tokens = self.post(
            self.endpoint("token"),
            grant_type="client_credentials",
            client_id=app["client_id"],
            client_secret=secret,
            scope=scope,
        )
        return tokens["access_token"]
