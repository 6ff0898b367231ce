"""What a model is tested on by itself: constants for the tests and for those who ask for them."""

TEMPERATURE = 0.7  # of its own text; at 0 it could not fail, at 1 not pass (docs/lab/0006)
PROMPT, CONTINUED = 96, 160  # bytes of a text that are given, and that are compared
WHOLE = PROMPT + CONTINUED
NOTICED = 8e-6  # bits; where only rounding differs it is 2.5e-6 (docs/lab/0006)
PROBE = (
    b"The lamp in the hall went out at ten past nine, and nobody knew where the candles were. "
    b"def area(r):\n    return 3.14159 * r * r\n\nOn 4 May 1987 it rained; 12 of 30 people came."
)
