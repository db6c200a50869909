"""Control messages of our own, as bytes.

Without a model, which would first have to be built, and which nobody reads on this side.
"""

from collections.abc import Mapping
from typing import Any

import orjson


def control_message(
    type_: str,
    data: Mapping[str, Any],
    *,
    id_: str,
    timestamp: float,
    correlation_id: str | None = None,
) -> bytes:
    """One message; `data` has the wire's names, `timestamp` is in milliseconds."""
    metadata = {"version": "1.0"}
    if correlation_id is not None:
        metadata["correlationId"] = correlation_id
    envelope = {"id": id_, "type": type_, "timestamp": timestamp, "data": data}
    return orjson.dumps(envelope | {"metadata": metadata})
