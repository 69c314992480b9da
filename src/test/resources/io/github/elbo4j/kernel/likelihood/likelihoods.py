"""Golden values of likelihoods: python3 likelihoods.py > likelihoods.txt

From the definitions, with mpmath at 60 digits. A row: name, arguments (float32), log-likelihood, its derivatives.
continuous l x; laplace mean x logScale; logistic mean level logScale; categorical level logits.
"""

import random
import struct

from mpmath import atanh, diff, exp, fabs, log, mp, mpf, nstr

mp.dps = 60


def float32(x):
    return mpf(struct.unpack("f", struct.pack("f", x))[0])


def sigmoid(y):
    return 1 / (1 + exp(-y))


def continuous(l, x):
    """Loaiza-Ganem and Cunningham (2019), eq. 6 and 7."""
    lam = sigmoid(l)
    c = 2 if lam == mpf(1) / 2 else 2 * atanh(1 - 2 * lam) / (1 - 2 * lam)
    return log(c) + x * log(lam) + (1 - x) * log(1 - lam)


def laplace(mean, x, log_scale):
    return -fabs(x - mean) / exp(log_scale) - log(2 * exp(log_scale))


def logistic(mean, level, log_scale):
    def cdf(edge):
        return sigmoid((edge - mean) / exp(log_scale))

    upper = 1 if level == 255 else cdf((level + mpf(1) / 2) / 255)
    lower = 0 if level == 0 else cdf((level - mpf(1) / 2) / 255)
    return log(upper - lower)


def categorical(level, logits):
    return log(exp(logits[level]) / sum(exp(v) for v in logits))


def row(name, arguments, *values):
    print(name, *(nstr(v, 17) for v in arguments), *(nstr(v, 12) for v in values))


def main():
    rng = random.Random(5)
    for l in (0, 1e-30, 1e-5, -1e-5, 0.01, -0.3, 0.99, -1.01, 3, -12, 30, -60, 87.9, -100):
        for x in (0, 0.25, 1):
            l32, x32 = float32(l), float32(x)
            row("continuous", (l32, x32), continuous(l32, x32), diff(lambda v: continuous(v, x32), l32, h=mpf(10) ** -25))
    for _ in range(20):
        a = [float32(rng.uniform(-3, 3)), float32(rng.uniform(-3, 3)), float32(rng.uniform(-6, 4))]
        row("laplace", a, laplace(*a), *(diff(laplace, tuple(a), n) for n in ((1, 0, 0), (0, 0, 1))))
    mp.dps = 1500  # differences of probabilities that are nearly 1
    for level in (0, 1, 100, 254, 255):
        for mean in (-0.5, 0, 0.39, 0.4, 1, 1.3):
            for log_scale in (3, -1, -4, -6, -7.5):
                m, s = float32(mean), float32(log_scale)
                value = logistic(m, level, s)
                h = mpf(10) ** -30
                to_mean = (logistic(m + h, level, s) - logistic(m - h, level, s)) / (2 * h)
                to_scale = (logistic(m, level, s + h) - logistic(m, level, s - h)) / (2 * h)
                row("logistic", (m, mpf(level), s), value, to_mean, to_scale)
    mp.dps = 60
    for c in (1, 2, 10, 40):
        logits = [float32(rng.uniform(-20, 20)) for _ in range(c)]
        for level in {0, c // 2, c - 1}:
            row("categorical", [mpf(level), *logits], categorical(level, logits))


main()
