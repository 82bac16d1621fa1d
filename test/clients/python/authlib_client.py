"""Authlib, with its requests session."""
import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

from harness import CLIENT_ID, CLIENT_SECRET, ISSUER, REDIRECT_URI, SCOPE, open_page, report

server = requests.get(ISSUER + "/.well-known/openid-configuration", timeout=60).json()
keys = KeySet.import_key_set(requests.get(server["jwks_uri"], timeout=60).json())


def claims(token, **expected):
    """Verify an ID token and return its claims."""
    decoded = jwt.decode(token["id_token"], keys)
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": CLIENT_ID}, exp={"essential": True},
        **{name: {"essential": True, "value": value} for name, value in expected.items()},
    )
    registry.validate(decoded.claims)
    return decoded.claims


session = OAuth2Session(
    CLIENT_ID, CLIENT_SECRET, scope=SCOPE, redirect_uri=REDIRECT_URI, code_challenge_method="S256",
    token_endpoint=server["token_endpoint"],
)
verifier, nonce = generate_token(48), generate_token(20)
url, state = session.create_authorization_url(server["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
callback = open_page(url)
first = session.fetch_token(server["token_endpoint"], authorization_response=callback, state=state, code_verifier=verifier)
id_token = claims(first, nonce=nonce)
userinfo = session.get(server["userinfo_endpoint"]).json()

refreshed = session.refresh_token(server["token_endpoint"], refresh_token=first["refresh_token"])
after = session.get(server["userinfo_endpoint"]).json()
introspected = session.introspect_token(server["introspection_endpoint"], token=refreshed["access_token"]).json()
answer = session.revoke_token(server["revocation_endpoint"], token=refreshed["refresh_token"], token_type_hint="refresh_token")
answer.raise_for_status()

report(idToken=id_token, userinfo=userinfo, refreshedIDToken=claims(refreshed), refreshedUserInfo=after, introspected=introspected,
       first=first["access_token"], revoked=refreshed["access_token"])
