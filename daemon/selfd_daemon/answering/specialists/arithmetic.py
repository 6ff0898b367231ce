"""Sums worked out exactly, from left to right; nothing is ever run as a program.

    sum     = product (("+" | "-") product)*
    product = power (("*" | "/" | "of") power)*
    power   = signed ("^" power)?
    signed  = ("-" | "+") power | root signed | value ("!" | "%" | "squared" | "cubed")*
    value   = number | "(" sum ")"

`of` binds like a product: half of 37, 15 % of 240. What has no exact result (a root) is a float.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

from selfd_daemon.answering.errors import SumError

Number: TypeAlias = Fraction | float

DEEPEST = 50  # parentheses and signs in each other
GREATEST_POWER = 1000
GREATEST_FACTORIAL = 200
MOST_BITS = 4000  # of a numerator or denominator

_TOKEN = re.compile(
    r"\s*(?:(\d+(?:\.\d+)?|\.\d+)|(cuberoot|root|squared|cubed|of|\*\*|[-+*/^!%()]))"
)


def tokens(text: str) -> list[str] | None:
    """Return the numbers and signs of a text, None where it holds anything else."""
    found, place = [], 0
    while token := _TOKEN.match(text, place):
        found.append(token[1] or token[2])
        place = token.end()
    return None if text[place:].strip() else found


def result_of(found: Sequence[str]) -> Number:
    """Work out a sum.

    Raises:
        SumError: it has no result, or too large a one.
    """
    return _Sum(found).result()


class _Sum:
    """Reads a sum from left to right."""

    def __init__(self, found: Sequence[str]) -> None:
        self._tokens = found
        self._place = 0
        self._depth = 0

    def result(self) -> Number:
        """Work it all out.   Raises: SumError."""
        value = self._sum()
        if self._place < len(self._tokens):
            raise SumError(
                f"the sum goes on with {self._tokens[self._place]!r} where it should end"
            )
        return value

    def _next(self, *wanted: str) -> str | None:
        if self._place < len(self._tokens) and self._tokens[self._place] in wanted:
            self._place += 1
            return self._tokens[self._place - 1]
        return None

    def _sum(self) -> Number:
        value = self._product()
        while sign := self._next("+", "-"):
            other = self._product()
            value = _checked(value + other if sign == "+" else value - other)
        return value

    def _product(self) -> Number:
        value = self._power()
        while sign := self._next("*", "/", "of"):
            other = self._power()
            if sign == "/" and other == 0:
                raise SumError("nothing can be divided by zero")
            value = _checked(value / other if sign == "/" else value * other)
        return value

    def _power(self) -> Number:
        value = self._signed()
        if self._next("^", "**"):
            return _power(value, self._power())
        return value

    def _signed(self) -> Number:
        self._depth += 1
        if self._depth > DEEPEST:
            raise SumError(f"the sum has more than {DEEPEST} things in each other")
        sign = self._next("-", "+", "root", "cuberoot")
        if sign is None:
            value = self._finished(self._value())
        elif sign in "-+":
            inner = self._power()
            value = -inner if sign == "-" else inner
        else:
            value = _root(self._signed(), 2 if sign == "root" else 3)
        self._depth -= 1
        return value

    def _finished(self, value: Number) -> Number:
        while sign := self._next(*_AFTER):
            value = _checked(_AFTER[sign](value))
        return value

    def _value(self) -> Number:
        if self._next("("):
            value = self._sum()
            if not self._next(")"):
                raise SumError("a parenthesis in the sum is not closed")
            return value
        if self._place == len(self._tokens):
            raise SumError("the sum ends where a number should stand")
        token = self._tokens[self._place]
        if not token[-1].isdigit():
            raise SumError(f"the sum has {token!r} where a number should stand")
        self._place += 1
        return _checked(Fraction(token))


def _checked(value: Number) -> Number:
    if isinstance(value, Fraction):
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS:
            raise SumError("the numbers in the sum become too large")
        return value
    if not math.isfinite(value):
        raise SumError("the numbers in the sum become too large")
    return value


def _power(base: Number, exponent: Number) -> Number:
    if base == 0 and float(exponent) < 0:
        raise SumError("nothing can be divided by zero")
    if abs(float(exponent)) > GREATEST_POWER:
        raise SumError(f"powers go up to {GREATEST_POWER}")
    if isinstance(base, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1:
        size = max(base.numerator.bit_length(), base.denominator.bit_length())
        if size * abs(int(exponent)) > MOST_BITS:
            raise SumError("the numbers in the sum become too large")
        return _checked(Fraction(base ** int(exponent)))
    if float(base) < 0:
        raise SumError("a negative number has no real power of that kind")
    try:
        return _checked(math.pow(base, exponent))
    except OverflowError as error:
        raise SumError("the numbers in the sum become too large") from error


def _root(value: Number, degree: int) -> Number:
    if value < 0:
        raise SumError("a negative number has no real root of that kind")
    if isinstance(value, Fraction):
        top, bottom = (round(float(part) ** (1 / degree)) for part in value.as_integer_ratio())
        if bottom and Fraction(top, bottom) ** degree == value:
            return Fraction(top, bottom)
    return math.pow(value, 1 / degree)


def _factorial(value: Number) -> Number:
    if not isinstance(value, Fraction) or value.denominator != 1 or value < 0:
        raise SumError("only whole numbers have a factorial")
    if value > GREATEST_FACTORIAL:
        raise SumError(f"factorials go up to {GREATEST_FACTORIAL}!")
    return Fraction(math.factorial(int(value)))


_AFTER: Mapping[str, Callable[[Number], Number]] = {
    "!": _factorial,
    "%": lambda value: value / 100,
    "squared": lambda value: value * value,
    "cubed": lambda value: value * value * value,
}
