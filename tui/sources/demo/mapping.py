"""The demo's story as a stream of events, a pure function of its seed.

The first minute tells the refund API from wish to staging; a dependency update that fails follows,
and then further features in a drawn order, quieter, without end. Nothing here reads a clock.
"""

from collections.abc import Iterator
from random import Random

from tui.sources.demo.beat import Beat, dated, event_id
from tui.sources.demo.cycle import Cycle
from tui.sources.demo.features import REFUNDS, further_features
from tui.sources.demo.interlude import trouble, update
from tui.sources.demo.pulse import weave
from tui.sources.demo.stage import Stage
from tui.sources.demo.story import Chapter, curtain

__all__ = ["Beat", "dated", "event_id", "scenario"]

_LATER_PACE, _LATER_UNREST = 2.4, 0.3
_UPDATE_FAILS, _TROUBLE_COMES = 0.3, 0.6


def scenario(seed: int = 0) -> Iterator[Beat]:
    """Beats in order of time, without end, some four to eight a second."""
    return weave(_story(Random(seed)), Random(seed + 1))  # noqa: S311 - a story, no secret


def _story(rng: Random) -> Iterator[Beat]:
    stage = Stage(rng)
    cycle = Cycle(stage)
    curtain(stage, cycle)
    Chapter(stage, cycle, REFUNDS).tell()
    yield from stage.drain()
    stage.wait(1.5)
    update(stage, fails=True)
    yield from stage.drain()
    stage.pace, stage.unrest = _LATER_PACE, _LATER_UNREST
    for feature in further_features(rng):
        stage.wait(2.0)
        Chapter(stage, cycle, feature).tell()
        yield from stage.drain()
        if rng.random() < _TROUBLE_COMES:
            trouble(stage)
        update(stage, fails=rng.random() < _UPDATE_FAILS)
        yield from stage.drain()
