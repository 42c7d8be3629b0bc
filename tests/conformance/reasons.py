"""Why a recorded error may be larger than what needs no explanation."""

#: Units that need no explanation: each order adds terms that are rounded on their own.
FREE = {"f": 4.0, "f'": 8.0, "f''": 16.0}
FREE_PARAMETER = 8.0

UNDERFLOW = "a factor underflows to a subnormal number before a large one multiplies it"
ZERO = "terms cancel at a zero at the origin; the error is one rounding of the terms"
DOUBLE_ZERO = "1 + cos cancels at a double zero; the error is one rounding of 1"

REASONS = {
    "acon_c": "terms of opposite sign near a zero of the derivative",
    "aria2": "the power 1/alpha of a base that beta x has rounded",
    "b_silu": "terms of opposite sign near a zero of the derivative",
    "c_log_log": ZERO,
    "cosid": DOUBLE_ZERO,
    "coslu": "x + cos(x) cancels near its zeros; " + ZERO,
    "dsilu": ZERO,
    "erf_act": UNDERFLOW,
    "geglu_tanh": UNDERFLOW,
    "gelu_tanh": UNDERFLOW,
    "golu": UNDERFLOW,
    "inverse_multiquadratic": "beyond 1e154 the square of the reciprocal underflows in df/dwidth",
    "laplace": "the distance to mu is rounded before the tail's steep exponential",
    "log_log": ZERO,
    "mexican_hat": UNDERFLOW,
    "polu": "the rounding of the exponent n + 1 is multiplied by log|x|",
    "pserf": UNDERFLOW,
    "rational_a": "a polynomial of degree 5 near its zeros; far out leading terms cancel in f''",
    "sinlu": "x + sin(x) cancels near its zeros",
    "sinp": DOUBLE_ZERO,
    "situ_glu": UNDERFLOW,
    "snake": DOUBLE_ZERO,
    "snake_beta": DOUBLE_ZERO,
    "soft_rbf": UNDERFLOW,
    "soft_root_sign": "terms of opposite sign in the quotient's derivatives",
    "softcap": UNDERFLOW,
    "tanhexp": UNDERFLOW,
    "tanhsoft2": UNDERFLOW,
}


def free(label: str) -> float:
    return FREE.get(label, FREE_PARAMETER)
