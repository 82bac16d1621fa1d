"""social-auth-core, which Django, Flask and others log in with."""
from time import time
from urllib.parse import parse_qsl, urlsplit

from social_core.backends.open_id_connect import OpenIdConnectAuth
from social_core.storage import BaseStorage
from social_core.strategy import BaseStrategy

from harness import CLIENT_ID, CLIENT_SECRET, ISSUER, REDIRECT_URI, SCOPE, open_page, report

SETTINGS = {
    "SOCIAL_AUTH_OIDC_OIDC_ENDPOINT": ISSUER,
    "SOCIAL_AUTH_OIDC_KEY": CLIENT_ID,
    "SOCIAL_AUTH_OIDC_SECRET": CLIENT_SECRET,
    "SOCIAL_AUTH_OIDC_SCOPE": SCOPE.split(),
}


class Nonces:
    """Where the library keeps what must be used once only."""

    kept = set()

    @classmethod
    def use(cls, server_url, timestamp, salt):
        fresh = (server_url, timestamp, salt) not in cls.kept
        cls.kept.add((server_url, timestamp, salt))
        return fresh

    @classmethod
    def consume(cls, server_url, timestamp, salt):
        found = (server_url, timestamp, salt) in cls.kept
        cls.kept.discard((server_url, timestamp, salt))
        return found


class Association:
    """A nonce of an ID token, as a framework's database would keep it."""

    def __init__(self, association):
        self.__dict__.update(vars(association))
        self.id = self.handle

    def is_expired(self):
        return self.issued + self.lifetime < time()


class Associations:
    """Where the library keeps nonces of ID tokens."""

    kept = []

    @classmethod
    def store(cls, server_url, association):
        cls.kept.append(Association(association))

    @classmethod
    def get(cls, *args, handle=None, **kwargs):
        return [one for one in cls.kept if handle in (None, one.handle)]

    @classmethod
    def remove(cls, ids_to_delete):
        cls.kept.clear()


class Storage(BaseStorage):
    nonce = Nonces
    association = Associations


class Strategy(BaseStrategy):
    """What a web framework gives the library: settings, a session, the request."""

    def __init__(self):
        super().__init__(storage=Storage)
        self.session, self.request = {}, {}

    def get_setting(self, name):
        return SETTINGS[name]

    def request_data(self, merge=True):
        return self.request

    def request_host(self):
        return urlsplit(REDIRECT_URI).netloc

    def build_absolute_uri(self, path=None):
        return path or REDIRECT_URI

    def session_get(self, name, default=None):
        return self.session.get(name, default)

    def session_set(self, name, value):
        self.session[name] = value

    def session_pop(self, name):
        return self.session.pop(name, None)

    def redirect(self, url):
        return url

    def html(self, content):
        return content

    def authenticate(self, backend, *args, response=None, **kwargs):
        """Return the tokens, where a framework would look for its user."""
        return response


strategy = Strategy()
backend = OpenIdConnectAuth(strategy, redirect_uri=REDIRECT_URI)
callback = open_page(backend.auth_url())
strategy.request = dict(parse_qsl(urlsplit(callback).query))
backend.data = strategy.request
tokens = backend.auth_complete()
userinfo = backend.user_data(tokens["access_token"])
details = backend.get_user_details(userinfo)
id_token = backend.id_token

# The library's general backend knows no revocation endpoint.
refreshed = backend.refresh_token(tokens["refresh_token"])
after = backend.user_data(refreshed["access_token"])

report(idToken=id_token, userinfo=userinfo, user={"name": details["fullname"], "email": details["email"]},
       refreshedIDToken=backend.id_token, refreshedUserInfo=after, first=tokens["access_token"])
