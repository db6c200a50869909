"""What goes over the wire: envelopes, topics, codec, codes. Pure: no I/O, no clock, no randomness.

The modules are imported one by one, so that a reader of topics does not pay for pydantic:

- `catalog`     the 30 message types, each with its topic and state key
- `topics`      topics, filters, and matching by segment
- `vocabulary`  the open enums
- `models`      the messages as frozen pydantic models
- `codec`       bytes to messages and back; the only place where that happens
- `errors`      error and close codes, and the one exception
- `limits`      sizes and counts
- `text`        event text made harmless for a terminal
"""
