"""Make `demo.jsonl.gz` again: the demo's first story, recorded by `autosdlc-tui record`.

`python tests/recordings/make.py` takes as long as the story.
"""

import os
import subprocess
import sys
from pathlib import Path

from tui.server.config import ServerConfig
from tui.server.embedded import EmbeddedServer
from tui.sources.demo.thread import DemoThread

RECORDING = Path(__file__).with_name("demo.jsonl.gz")
TOKEN = "demo"
STORY = "72s"
"""Until everything that can happen has happened, a failed workflow last."""


def main() -> None:
    config = ServerConfig(port=0, http_port="off", token=TOKEN, rate_limits="off", announce=False)
    server = EmbeddedServer(config)
    url = server.start().url
    demo = DemoThread(url, TOKEN, seed=0, speed=1.0)
    demo.start()
    RECORDING.unlink(missing_ok=True)
    try:
        subprocess.run(
            [sys.executable, "-m", "tui", "record", RECORDING, "--url", url, "--for", STORY],
            env=os.environ | {"AUTOSDLC_TOKEN": TOKEN},
            check=True,
        )
    finally:
        demo.stop()
        server.stop()


if __name__ == "__main__":
    main()
