"""PyPI Authlib and requests-oauthlib: code flow with PKCE, ID Token, userinfo; a secret, and private_key_jwt."""

import json
import secrets
import sys
import traceback
import warnings

warnings.filterwarnings("ignore")

import httpx
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from requests_oauthlib import OAuth2Session

SETTING = json.loads(sys.argv[1])
ISSUER = SETTING["issuer"]
METADATA = httpx.get(f"{ISSUER}/.well-known/openid-configuration").json()


def check(name, work):
    try:
        work()
        print(f"ok - {name}", flush=True)
    except Exception:
        print(f"not ok - {name}: {traceback.format_exc().replace(chr(10), ' | ')}", flush=True)


def sign_in(url):
    person = SETTING["registered"][1]
    answer = httpx.post(f"{SETTING['service']}/phone/{person}/sign-in", json={"url": url}, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()["redirect"]


def client(identifier, secret=None, method="client_secret_basic"):
    made = OAuth2Client(
        client_id=identifier,
        client_secret=secret,
        scope="openid profile email",
        redirect_uri=SETTING["redirect"],
        code_challenge_method="S256",
        token_endpoint_auth_method=method,
    )
    if method == "private_key_jwt":
        made.client_secret = ECKey.import_key({**SETTING["key"], "kid": SETTING["kid"]})
        made.register_client_auth_method(
            PrivateKeyJWT(METADATA["token_endpoint"], alg="ES256", headers={"kid": SETTING["kid"]})
        )
    return made


def claims_of(token, nonce, audience):
    keys = KeySet.import_key_set(httpx.get(METADATA["jwks_uri"]).json())
    read = jwt.decode(token["id_token"], keys, algorithms=["ES256"]).claims
    rules = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": audience},
        nonce={"essential": True, "value": nonce},
        exp={"essential": True},
        sub={"essential": True},
    )
    rules.validate(read)
    return read


def whole(made, identifier):
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    url, _ = made.create_authorization_url(METADATA["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
    back = sign_in(url)
    token = made.fetch_token(METADATA["token_endpoint"], authorization_response=back, code_verifier=verifier)
    claims = claims_of(token, nonce, identifier)
    userinfo = made.get(METADATA["userinfo_endpoint"]).json()
    assert userinfo["sub"] == claims["sub"] and userinfo["name"], userinfo
    return back, verifier


def with_secret():
    whole(client("stranger-secret", SETTING["secret"]), "stranger-secret")


def with_keys():
    whole(client("stranger-keys", method="private_key_jwt"), "stranger-keys")


def spoilt(change):
    def work():
        made = client("stranger-secret", SETTING["secret"])
        verifier = secrets.token_urlsafe(48)
        url, _ = made.create_authorization_url(METADATA["authorization_endpoint"], code_verifier=verifier)
        asked = {"authorization_response": sign_in(url), "code_verifier": verifier, **change}
        try:
            made.fetch_token(METADATA["token_endpoint"], **asked)
        except OAuthError as error:
            assert error.error == "invalid_grant", error
            return
        raise AssertionError("it was accepted")

    return work


def twice():
    made = client("stranger-secret", SETTING["secret"])
    back, verifier = whole(made, "stranger-secret")
    try:
        made.fetch_token(METADATA["token_endpoint"], authorization_response=back, code_verifier=verifier)
    except OAuthError as error:
        assert error.error == "invalid_grant", error
        assert made.get(METADATA["userinfo_endpoint"]).status_code == 401
        return
    raise AssertionError("it was accepted")


def requests_oauthlib():
    made = OAuth2Session("stranger-secret", redirect_uri=SETTING["redirect"], scope=["openid"], pkce="S256")
    url, _ = made.authorization_url(METADATA["authorization_endpoint"])
    made.fetch_token(METADATA["token_endpoint"], authorization_response=sign_in(url), client_secret=SETTING["secret"])
    assert len(made.get(METADATA["userinfo_endpoint"]).json()["sub"]) == 43


check("Authlib logs in with a secret", with_secret)
check("Authlib logs in with private_key_jwt", with_keys)
check("Authlib: a wrong verifier is refused", spoilt({"code_verifier": "x" * 43}))
check("Authlib: another redirect URI is refused", spoilt({"redirect_uri": "https://stranger.example/other"}))
check("Authlib: a code works once", twice)
check("requests-oauthlib logs in with a secret", requests_oauthlib)
