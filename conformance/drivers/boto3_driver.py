"""Credentials through boto3's default chain: one line for each line of stdin, a session each."""

import sys

import boto3

for _ in sys.stdin:
    try:
        credentials = boto3.Session().get_credentials()
        if credentials is None:
            raise LookupError("no credentials")
        frozen = credentials.get_frozen_credentials()
        account = getattr(credentials, "account_id", None) or "-"
        print(frozen.access_key, account, len(frozen.token or ""), flush=True)
    except Exception as error:  # whatever the SDK raises is what we want to see
        print("error:", type(error).__name__, " ".join(str(error).split()), flush=True)
