"""A driver for the AWS SDK for Go v2 in juicefs: prints the credentials that it uses, one line for each line of stdin.

    go_driver.py JUICEFS

juicefs keeps calling our fake S3. Each call waits until the line `again` asks for the next one.
"""

import mmap
import queue
import re
import subprocess
import sys
import threading
from pathlib import Path

from signed_calls import listen

JUICEFS = Path(sys.argv[1])


class Juicefs:
    """A juicefs process."""

    def __init__(self):
        self.said = queue.Queue()
        self.calls = queue.Queue()  # The events that continue them.
        url = listen(self.hold)
        command = [JUICEFS, "objbench", "--storage", "s3", "--skip-functional-tests", "-p", "1", f"{url}/bucket"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        threading.Thread(target=self.watch, daemon=True).start()

    def hold(self, signed):
        call = threading.Event()
        self.calls.put(call)
        self.said.put(signed)
        call.wait()

    def watch(self):
        lines = self.process.stderr.read().strip().splitlines()
        self.said.put("error: " + (lines[-1] if lines else "it ended"))

    def next_call(self):
        if not self.calls.empty():
            self.calls.get().set()
        return self.said.get()

    def end(self):
        self.process.kill()
        self.process.wait()


def version():
    """The version of the SDK. Every Go program contains the list of its modules."""
    with JUICEFS.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as program:
        return re.search(rb"github.com/aws/aws-sdk-go-v2/config\tv([0-9.]+)", program).group(1).decode()


juicefs = None
for line in sys.stdin:
    if line.strip() == "version":
        print(version(), flush=True)
        continue
    if juicefs and (line.strip() != "again" or juicefs.process.poll() is not None):
        juicefs.end()
        juicefs = None
    juicefs = juicefs or Juicefs()
    print(juicefs.next_call(), flush=True)
if juicefs:
    juicefs.end()
