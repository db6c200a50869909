"""`autosdlc-tui tail`."""

import os
import sys
from typing import TYPE_CHECKING

import click

from tui.cli.failure import fail, fail_mutely
from tui.cli.filters import filter_of
from tui.cli.parameters import Duration, File
from tui.cli.place import find_places, wait_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    epilog="""\b
Exit codes:
  0    --count is reached, the recording has ended, or nobody reads the pipe any more
  1    there is no server, or it refused
  2    it was asked for wrongly
  3    something was missed (--until-gap)
  130  Ctrl-C; 143 SIGTERM"""
)
@click.argument("filters", metavar="[FILTER]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print each event's envelope, one a line.")
@click.option("--since", type=Duration(), help="Begin so long ago, such as 10m or 2h.")
@click.option("--until-gap", is_flag=True, help="End as soon as something was missed.")
@click.option(
    "-n", "--count", type=click.IntRange(1), metavar="N", help="End after so many events."
)
@click.option(
    "--url",
    "urls",
    metavar="URL",
    multiple=True,
    help="The server (ws://… or wss://…); repeat for several.  "
    "[env: AUTOSDLC_URL; default: the one on this machine]",
)
@click.option("--replay", type=File(), help="Print a recording as it happened (see `record`).")
@click.option(
    "--speed",
    type=click.FloatRange(0.01, 1_000_000),
    help="With --replay: how fast it runs.  [default: 1.0]",
)
@wait_option
def tail(
    filters: tuple[str, ...],
    as_json: bool,  # noqa: FBT001 - click passes by name
    since: float | None,
    until_gap: bool,  # noqa: FBT001
    count: int | None,
    wait: float,
    urls: tuple[str, ...],
    replay: "Path | None",
    speed: float | None,
) -> None:
    """Print events as they happen, one a line.

    A FILTER is resource:id:event, such as agent:coder-1:log, 'agent:*:status,error' or 'tdd'; an
    event that one of them matches is printed, and without any all are. In a terminal lines are
    coloured, unless NO_COLOR is set. What is to be said of the connection (it was lost, it is back,
    something was missed) goes to standard error.

    With --json, events can be piped into `jq` or `autosdlc-tui emit --file -`. Of several servers,
    each line tells whose it is: JSON as {"server": …, "event": …}, which `emit` takes as well.
    """
    wanted = [filter_of(text) for text in filters]
    if replay and (urls or since is not None or until_gap):
        fail("--replay prints a recording; leave out --url, --since and --until-gap")
    if speed is not None and not replay:
        fail("--speed is for --replay; events of a server come when they happen")
    from tui.cli.replaying import open_playback, play

    playback = open_playback(replay, speed or 1.0) if replay else None
    places = [] if playback else find_places(urls)
    if sys.stdout is None:
        fail("standard output is closed", 1)
    from tui.cli.following import Wish, follow
    from tui.cli.lines import Lines
    from tui.cli.pipes import Output
    from tui.cli.running import run

    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    lines = Lines(as_json=as_json, colour=colour, servers=[place.name for place in places])
    wish = Wish(wanted, since, count, until_gap=until_gap, wait=wait)
    output = Output(sys.stdout.fileno())
    try:
        run(
            play(playback, wish, lines, output) if playback else follow(places, wish, lines, output)
        )
    except OSError as error:
        fail_mutely(error)
