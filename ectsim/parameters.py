"""Metadata of parameters: one annotation serves validation, widgets, tables and registers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

__all__ = ["Certificate", "Frozen", "certificates", "number"]

Status = Literal["source", "derived", "external", "assumption"]
"""Where a default comes from: a client's fact (F...), a derivation, a published figure (E...), or us."""


class Frozen(BaseModel):
    """Base of everything that does not change once it is made; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The birth certificate of a parameter.

    Parameters
    ----------
    name : str
        Dotted name in a scenario, such as ``conditions.slip_found``.
    default : object
        Its default value.
    unit : str
        Unit of measurement.
    status : str
        ``source``, ``derived``, ``external`` or ``assumption``.
    source : str
        Ids of ``facts.md`` (F...), of the ambiguity register (A13-n) or of ``evidence.csv`` (E...).
    low, high : float or None
        Plausible range; what sensitivity studies draw from.
    ask : str
        The plain-language question of a control.
    why : str
        Why it is asked: the line beside the control.
    """

    name: str
    default: object
    unit: str
    status: Status
    source: str
    low: float | None
    high: float | None
    ask: str
    why: str


def number(
    default: Any,
    *,
    unit: str,
    status: Status,
    source: str,
    ask: str,
    why: str = "",
    low: float | None = None,
    high: float | None = None,
    ge: float | None = None,
    le: float | None = None,
) -> Any:
    """Declare a parameter with its birth certificate.

    Parameters
    ----------
    default : object
        The value when a scenario says nothing.
    unit : str
        Unit of measurement.
    status, source, low, high, ask, why
        See :class:`Certificate`.
    ge, le : float, optional
        Hard bounds; a value outside is refused. The plausible range may be narrower.

    Raises
    ------
    TypeError
        If a default has neither a source id nor an assumption's range.
    """
    if (
        status == "assumption"
        and isinstance(default, float | int)
        and not isinstance(default, bool)
    ):
        if low is None or high is None:
            raise TypeError(f"assumption without a range: {ask}")
    elif status != "assumption" and not source:
        raise TypeError(f"no source: {ask}")
    return Field(
        default,
        ge=ge,
        le=le,
        description=ask,
        json_schema_extra={
            "unit": unit,
            "status": status,
            "source": source,
            "low": low,
            "high": high,
            "why": why,
        },
    )


def certificates(model: type[BaseModel], prefix: str) -> Iterator[Certificate]:
    """Yield the birth certificates of a model's parameters, nested models included.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        The model whose fields were declared with :func:`number`.
    prefix : str
        Dotted name of the model in a scenario.
    """
    for name, info in model.model_fields.items():
        yield from _certificate(f"{prefix}.{name}", info)


def _certificate(name: str, info: FieldInfo) -> Iterator[Certificate]:
    annotation = info.annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from certificates(annotation, name)
        return
    extra = info.json_schema_extra
    if isinstance(extra, dict) and "status" in extra:
        words: dict[str, Any] = dict(extra)
        yield Certificate(name=name, default=info.default, ask=info.description or "", **words)
