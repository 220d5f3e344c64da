"""The profiles that botocore finds in the AWS config, and the words of their credential_process, as it splits them."""

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
