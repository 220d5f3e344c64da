"""Prints the profiles that botocore finds in the AWS config, with their credential_process as botocore splits it."""

import json

import botocore.session
from botocore.compat import compat_shell_split

profiles = botocore.session.Session().full_config["profiles"]
print(
    json.dumps(
        {
            name: compat_shell_split(profile["credential_process"])
            for name, profile in profiles.items()
            if "credential_process" in profile
        }
    )
)
