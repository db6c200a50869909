"""The parts of the soak: who publishes and reads, what goes wrong, what must hold.

- `story`       the events: made up, by seed
- `ledger`      what was published, what was acknowledged, and every rule that was broken
- `publishers`  the SDK's and raw ones that send twice
- `readers`     v1 ones that resume, plain ones, the SDK's; each keeps account of what it was given
- `accounts`    those accounts, held against the streams as they were stored
- `faults`      what goes wrong
"""
