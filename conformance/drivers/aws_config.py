"""Prints what botocore reads in each folder of a folder: the profiles, sso-sessions and services of the files `config` and
`credentials` there, or "refused"."""

import json
import os
import sys

import botocore.exceptions
import botocore.session


def read(folder):
    os.environ["AWS_CONFIG_FILE"] = os.path.join(folder, "config")
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.path.join(folder, "credentials")
    try:
        config = botocore.session.Session().full_config
    except botocore.exceptions.ConfigParseError:
        return "refused"
    return {kind: config.get(kind, {}) for kind in ["profiles", "sso_sessions", "services"]}


corpus = sys.argv[1]
print(json.dumps({name: read(os.path.join(corpus, name)) for name in sorted(os.listdir(corpus))}))
