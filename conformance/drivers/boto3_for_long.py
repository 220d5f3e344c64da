"""Makes calls with one boto3 client for argv[2] seconds.

Prints the number of calls, the access key ids that signed them, and one line for each failed call.
"""

import re
import sys
import time
from datetime import datetime, timezone

import boto3
from botocore.config import Config

endpoint, seconds = sys.argv[1], float(sys.argv[2])
session = boto3.Session()
# No retries by the SDK: each failed call must be visible.
client = session.client("sts", endpoint_url=endpoint, config=Config(retries={"total_max_attempts": 1}))
used, failures, calls = [], [], 0


def before_send(request, **_):
    authorization = request.headers["Authorization"]
    authorization = authorization.decode() if isinstance(authorization, bytes) else authorization
    key = re.search(r"Credential=([^/]+)/", authorization).group(1)
    # Unlike AWS, moto accepts expired credentials.
    if session.get_credentials()._expiry_time <= datetime.now(timezone.utc):
        failures.append(f"{key} had expired when it was used")
    if not used or used[-1] != key:
        used.append(key)


client.meta.events.register("before-send.sts.GetCallerIdentity", before_send)
end = time.monotonic() + seconds
while time.monotonic() < end:
    calls += 1
    try:
        client.get_caller_identity()
    except Exception as error:  # Any error of the SDK is a result.
        failures.append(f"{type(error).__name__} {' '.join(str(error).split())}")
    time.sleep(0.2)
print("calls", calls)
print("keys", *used)
for failure in failures:
    print("failed:", failure)
