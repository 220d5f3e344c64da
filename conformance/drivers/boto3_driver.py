"""A driver for boto3: prints credentials of its default chain, one line for each line of stdin.

The line `again` uses the previous session, `new` makes a new one.
"""

import sys

import boto3

session = None
for line in sys.stdin:
    if line.strip() == "version":
        print(boto3.__version__, flush=True)
        continue
    if session is None or line.strip() != "again":
        session = boto3.Session()
    try:
        credentials = session.get_credentials()
        if credentials is None:
            raise LookupError("no credentials")
        frozen = credentials.get_frozen_credentials()
        account = getattr(credentials, "account_id", None) or "-"
        print(frozen.access_key, account, len(frozen.token or ""), flush=True)
    except Exception as error:  # Any error of the SDK is a result.
        print("error:", type(error).__name__, " ".join(str(error).split()), flush=True)
