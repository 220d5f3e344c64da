"""A driver for the AWS CLI: prints the credentials that it uses, one line and one process for each line of stdin.

    aws_cli_driver.py AWS
"""

import subprocess
import sys
from importlib.metadata import version

from signed_calls import listen

seen = []
command = [sys.argv[1], "sts", "get-caller-identity", "--endpoint-url", listen(seen.append)]
for line in sys.stdin:
    if line.strip() == "version":
        print(version("awscli"), flush=True)
        continue
    seen.clear()
    finished = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    print(seen[-1] if seen else "error: " + " ".join(finished.stderr.split()), flush=True)
