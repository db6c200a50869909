"""The wire's models, looked at from outside."""

from collections.abc import Iterator

from pydantic import BaseModel


def strangers(model: BaseModel) -> Iterator[str]:
    """Fields that the model keeps, but does not know."""
    yield from model.model_extra or {}
    for _, value in model:
        for part in value.values() if isinstance(value, dict) else (value,):
            if isinstance(part, BaseModel):
                yield from strangers(part)
