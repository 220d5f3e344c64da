"""botocore's clients for `sso-oidc` and `sso` against the IAM Identity Center at FAKE_AWS_URL.

Compares every answer with botocore's service model: no unknown key, no value of another type.
Prints a line for each successful check. Ends with the first failed assertion.

The test prepares 25 accounts with 12 roles, a strict rotation of refresh tokens, an interval of one second between
polls, and a first GetRoleCredentials that is throttled.
"""

import base64
import hashlib
import json
import os
import re
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request

import boto3
from botocore import UNSIGNED
from botocore.config import Config

URL = os.environ["FAKE_AWS_URL"]
START_URL = os.environ["FAKE_AWS_START_URL"]
REDIRECT_URI = "http://127.0.0.1:8976/oauth/callback"
SCOPES = ["sso:account:access"]
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
TYPES = {"string": str, "integer": int, "long": int, "list": list, "structure": dict}

# The keys that clients need. The models have no required keys.
ALWAYS = {
    "RegisterClient": {"clientId", "clientSecret", "clientIdIssuedAt", "clientSecretExpiresAt"},
    "StartDeviceAuthorization": {
        "deviceCode", "userCode", "verificationUri", "verificationUriComplete", "expiresIn", "interval",
    },
    "CreateToken": {"accessToken", "tokenType", "expiresIn"},
    "ListAccounts": {"accountList"},
    "ListAccountRoles": {"roleList"},
    "GetRoleCredentials": {"roleCredentials"},
    "Logout": set(),
}
# AWS returns it, but the model of `sso` does not have it.
UNMODELLED = {"ForbiddenException": {"message"}}


def fits(shape, value, where):
    """Compares a value with its shape, at every depth."""
    assert isinstance(value, TYPES[shape.type_name]), f"{where}: {type(value)} is no {shape.type_name}"
    assert not isinstance(value, bool), where
    if shape.type_name == "structure":
        unknown = value.keys() - shape.members.keys()
        assert not unknown, f"{where}: {unknown}"
        for name, member in value.items():
            fits(shape.members[name], member, f"{where}.{name}")
    elif shape.type_name == "list":
        for member in value:
            fits(shape.member, member, f"{where}[]")


def hold_to_model(client):
    """Compares every answer to this client with its model."""

    def check(response_dict, event_name, **_):
        operation = client.meta.service_model.operation_model(event_name.rsplit(".", 1)[1])
        headers = response_dict["headers"]
        assert headers["x-amzn-requestid"] and headers["date"], headers
        body = json.loads(response_dict["body"] or b"{}")
        if response_dict["status_code"] == 200:
            missing = ALWAYS[operation.name] - body.keys()
            assert not missing, f"{operation.name}: {missing}"
            if body:
                fits(operation.output_shape, body, operation.name)
            return
        name = headers["x-amzn-errortype"]
        assert headers["content-type"] == "application/json", headers
        shape = client.meta.service_model.shape_for_error_code(name)
        if shape is None:
            assert body.keys() == UNMODELLED[name], f"{name}: {body}"
            return
        assert shape.name in {error.name for error in operation.error_shapes}, f"{operation.name}: {name}"
        assert shape.metadata["error"]["httpStatusCode"] == response_dict["status_code"], name
        fits(shape, body, name)
        assert body.keys() & {"message", "error"}, f"{name}: {body}"

    client.meta.events.register("response-received.*", check)
    return client


def client(service):
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    return hold_to_model(boto3.client(service, region_name="eu-central-1", endpoint_url=URL, config=config))


OIDC = client("sso-oidc")
SSO = client("sso")


def held(check):
    print(check, flush=True)


def refused(exception, call, **arguments):
    """Checks that the call fails with this exception of its model."""
    try:
        answer = call(**arguments)
    except exception as error:
        return error
    raise AssertionError(f"not refused: {answer.keys()}")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def browse(url, form=None):
    """Opens a URL as a browser. Returns the page and the location of a redirect."""
    data = urllib.parse.urlencode(form).encode() if form else None
    try:
        with urllib.request.build_opener(NoRedirect).open(url, data) as answer:
            return answer.read().decode(), None
    except urllib.error.HTTPError as answer:
        return answer.read().decode(), answer.headers["location"]


def decide(url, decision):
    """Opens the page and presses one of its buttons. Returns the location of the redirect."""
    page, location = browse(url)
    assert location is None and f'<button id="{decision}"' in page, (page, location)
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
    action = re.search(r'<form method="post" action="([^"]+)">', page).group(1)
    return browse(URL + action, {**fields, "decision": decision})


class Pkce:
    """A client of the authorization code grant."""

    def __init__(self):
        registration = OIDC.register_client(
            clientName="conformance", clientType="public", scopes=SCOPES,
            redirectUris=["http://127.0.0.1/oauth/callback"], issuerUrl=START_URL,
            grantTypes=["authorization_code", "refresh_token"],
        )
        assert registration["clientSecretExpiresAt"] > registration["clientIdIssuedAt"]
        self.me = {name: registration[name] for name in ("clientId", "clientSecret")}
        self.verifier = secrets.token_urlsafe(48)

    def authorize(self, decision, **changes):
        """The values in the query of the redirect."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "response_type": "code", "client_id": self.me["clientId"], "redirect_uri": REDIRECT_URI,
            "state": "a state/+&", "code_challenge_method": "S256", "scopes": SCOPES[0],
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), **changes,
        }
        _, location = decide(f"{URL}/authorize?{urllib.parse.urlencode(query)}", decision)
        base, _, values = location.partition("?")
        assert base == REDIRECT_URI, location
        values = dict(urllib.parse.parse_qsl(values, strict_parsing=True))
        assert values.pop("state") == "a state/+&"
        return values

    def claim(self, code, **changes):
        return {
            **self.me, "grantType": "authorization_code", "code": code, "redirectUri": REDIRECT_URI,
            "codeVerifier": self.verifier, **changes,
        }

    def refresh(self, token):
        return {**self.me, "grantType": "refresh_token", "refreshToken": token}


def registration():
    base = {"clientName": "conformance", "clientType": "public"}
    code, refresh = "authorization_code", "refresh_token"
    errors = OIDC.exceptions
    refused(errors.InvalidRequestException, OIDC.register_client, **base, scopes=SCOPES,
            grantTypes=[code, DEVICE_CODE, refresh], redirectUris=["http://127.0.0.1"], issuerUrl=START_URL)
    refused(errors.UnsupportedGrantTypeException, OIDC.register_client, **base, grantTypes=["password"])
    refused(errors.InvalidScopeException, OIDC.register_client, **base, scopes=["everything"])
    refused(errors.InvalidRedirectUriException, OIDC.register_client, **base, grantTypes=[code],
            redirectUris=["http://example.com"], issuerUrl=START_URL)
    refused(errors.InvalidClientMetadataException, OIDC.register_client, clientName="x", clientType="secret")
    held("registration")


def authorization_code_grant():
    pkce = Pkce()
    errors = OIDC.exceptions
    denied = pkce.authorize("deny")
    assert denied["error"] == "access_denied" and denied["error_description"], denied
    held("denied in the browser")
    for change in ({"codeVerifier": "x" * 43}, {"redirectUri": "http://127.0.0.1:1/oauth/callback"}):
        code = pkce.authorize("approve")["code"]
        refused(errors.InvalidGrantException, OIDC.create_token, **pkce.claim(code, **change))
    held("wrong verifier")
    other = Pkce()
    code = pkce.authorize("approve")["code"]
    refused(errors.InvalidGrantException, OIDC.create_token, **pkce.claim(code, **other.me))
    held("another client's code")
    code = pkce.authorize("approve")["code"]
    tokens = OIDC.create_token(**pkce.claim(code))
    assert tokens["tokenType"] == "Bearer" and tokens["expiresIn"] == 3600, tokens["expiresIn"]
    held("authorization code")
    refused(errors.InvalidGrantException, OIDC.create_token, **pkce.claim(code))
    held("reused code")
    wrong = {"clientId": pkce.me["clientId"], "clientSecret": "wrong"}
    refused(errors.InvalidClientException, OIDC.create_token, **pkce.claim(code, **wrong))
    refused(errors.UnauthorizedClientException, OIDC.create_token, **pkce.me, grantType=DEVICE_CODE,
            deviceCode="x")
    refused(errors.UnsupportedGrantTypeException, OIDC.create_token, **pkce.me, grantType="password")
    held("wrong clients")
    page, location = browse(f"{URL}/authorize?client_id={pkce.me['clientId']}&redirect_uri=http://example.com")
    assert location is None and "redirect URI" in page
    held("a foreign redirect URI")
    return pkce, tokens


def refresh_grant(pkce, tokens):
    newer = OIDC.create_token(**pkce.refresh(tokens["refreshToken"]))
    assert newer["refreshToken"] != tokens["refreshToken"]
    assert newer["accessToken"] != tokens["accessToken"]
    error = refused(OIDC.exceptions.InvalidGrantException, OIDC.create_token,
                    **pkce.refresh(tokens["refreshToken"]))
    assert error.response["error"] == "invalid_grant", error.response
    held("refresh rotation")
    refused(OIDC.exceptions.InvalidGrantException, OIDC.create_token, **Pkce().refresh(newer["refreshToken"]))
    held("another client's refresh token")
    return newer


def device_code_grant():
    errors = OIDC.exceptions
    registration = OIDC.register_client(clientName="conformance", clientType="public", scopes=SCOPES)
    me = {name: registration[name] for name in ("clientId", "clientSecret")}
    refused(errors.InvalidRequestException, OIDC.start_device_authorization, **me,
            startUrl="https://other.awsapps.com/start")
    device = OIDC.start_device_authorization(**me, startUrl=START_URL + "/#/")
    assert re.fullmatch("[A-Z]{4}-[A-Z]{4}", device["userCode"]), device["userCode"]
    poll = {**me, "grantType": DEVICE_CODE, "deviceCode": device["deviceCode"]}
    error = refused(errors.AuthorizationPendingException, OIDC.create_token, **poll)
    assert error.response["error"] == "authorization_pending", error.response
    held("pending")
    refused(errors.SlowDownException, OIDC.create_token, **poll)
    held("slow down")
    page, _ = decide(device["verificationUriComplete"], "approve")
    assert "approved" in page
    tokens = OIDC.create_token(**poll)
    assert tokens["refreshToken"]
    held("approved")
    refused(errors.InvalidGrantException, OIDC.create_token, **poll)
    device = OIDC.start_device_authorization(**me, startUrl=START_URL)
    decide(device["verificationUriComplete"], "deny")
    refused(errors.AccessDeniedException, OIDC.create_token, **{**poll, "deviceCode": device["deviceCode"]})
    held("denied on the device's page")


def without_a_scope():
    registration = OIDC.register_client(
        clientName="old", clientType="public", grantTypes=[DEVICE_CODE, "refresh_token"]
    )
    me = {name: registration[name] for name in ("clientId", "clientSecret")}
    device = OIDC.start_device_authorization(**me, startUrl=START_URL)
    decide(device["verificationUriComplete"], "approve")
    tokens = OIDC.create_token(**me, grantType=DEVICE_CODE, deviceCode=device["deviceCode"])
    assert "refreshToken" not in tokens
    assert SSO.list_accounts(accessToken=tokens["accessToken"])["accountList"]
    held("no refresh token without a scope")


def portal(token):
    errors = SSO.exceptions
    pages = list(SSO.get_paginator("list_accounts").paginate(
        accessToken=token, PaginationConfig={"PageSize": 10}))
    accounts = [account for page in pages for account in page["accountList"]]
    assert [len(page["accountList"]) for page in pages] == [10, 10, 5]
    assert accounts[0]["accountId"] == "000001111111", accounts[0]
    assert len({account["accountId"] for account in accounts}) == 25
    assert all(re.fullmatch("[0-9]{12}", account["accountId"]) for account in accounts)
    held("accounts")
    account = accounts[-1]["accountId"]
    pages = list(SSO.get_paginator("list_account_roles").paginate(
        accessToken=token, accountId=account, PaginationConfig={"PageSize": 5}))
    roles = [role for page in pages for role in page["roleList"]]
    assert [len(page["roleList"]) for page in pages] == [5, 5, 2]
    assert all(role["accountId"] == account for role in roles)
    held("roles")
    refused(errors.ResourceNotFoundException, SSO.list_account_roles, accessToken=token,
            accountId="999999999999")
    refused(errors.InvalidRequestException, SSO.list_accounts, accessToken=token, nextToken="!")
    held("what is not there")
    wanted = {"accessToken": token, "accountId": account, "roleName": roles[0]["roleName"]}
    error = refused(errors.TooManyRequestsException, SSO.get_role_credentials, **wanted)
    assert error.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "7"
    held("throttled")
    credentials = SSO.get_role_credentials(**wanted)["roleCredentials"]
    assert credentials.keys() == {"accessKeyId", "secretAccessKey", "sessionToken", "expiration"}
    assert abs(credentials["expiration"] / 1000 - time.time() - 3600) < 60, credentials["expiration"]
    held(f"credentials {credentials['accessKeyId']} {account} {roles[0]['roleName']}")
    error = refused(SSO.exceptions.ClientError, SSO.get_role_credentials, **{**wanted, "roleName": "None"})
    assert error.response["Error"]["Code"] == "ForbiddenException", error.response
    assert error.response["Error"]["Message"] == "No access", error.response
    held("forbidden")


def logout(pkce, tokens):
    errors = SSO.exceptions
    refused(errors.UnauthorizedException, SSO.list_accounts, accessToken="unknown")
    SSO.logout(accessToken=tokens["accessToken"])
    refused(errors.UnauthorizedException, SSO.list_accounts, accessToken=tokens["accessToken"])
    refused(errors.UnauthorizedException, SSO.logout, accessToken=tokens["accessToken"])
    refused(OIDC.exceptions.InvalidGrantException, OIDC.create_token, **pkce.refresh(tokens["refreshToken"]))
    held("logged out")


registration()
PKCE, FIRST = authorization_code_grant()
TOKENS = refresh_grant(PKCE, FIRST)
device_code_grant()
without_a_scope()
portal(TOKENS["accessToken"])
logout(PKCE, TOKENS)
