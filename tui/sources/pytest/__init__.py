"""pytest runs turned into events, while they run.

- `plugin`       what pytest loads: options, and nothing more until it is switched on
- `reporter`     pytest's hooks: what happens in a run, guarded so that it cannot harm the run
- `reports`      pytest's reports read into plain values
- `tally`        what came of each test, file by file (pure)
- `phases`       red, green, refactor from a run's outcome (pure)
- `mapping`      outcomes in, events out (pure)
- `trim`         how much of a failure an event may carry (pure)
- `coverage_data` the coverage that pytest-cov or `coverage run` measured
- `history`      the phase of the run before, in the user's state directory
- `settings`     whose run it is: agent, task, server
- `publisher`    the pipe to `relay`, which never blocks
- `relay`        the process of its own that holds the connection
"""
