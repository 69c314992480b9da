"""Golden values of Pareto-smoothed importance sampling: python3 pareto_smoothing.py > pareto_smoothing.txt

Written from the papers, with mpmath at 40 digits: Vehtari, Simpson, Gelman, Yao, Gabry, Pareto smoothed importance
sampling, JMLR 25 (2024), section 2.4 and appendix; Zhang and Stephens, A new and efficient estimation method for the
generalized Pareto distribution, Technometrics 51 (2009). A row of the output: k-hat, the log-weights, the smoothed
log-weights.
"""

import random
import struct

from mpmath import ceil, exp, expm1, floor, inf, log, log1p, mp, mpf, nstr, sqrt

mp.dps = 40


def float32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def fit(x):
    """Zhang and Stephens (2009) for sorted x: theta is the posterior mean of b = -k/sigma (Vehtari's sign of k)."""
    n = len(x)
    m = 30 + int(floor(sqrt(n)))
    quartile = x[int(floor(mpf(n) / 4 + mpf(1) / 2)) - 1]
    b = [1 / x[-1] + (1 - sqrt(m / (j - mpf(1) / 2))) / (3 * quartile) for j in range(1, m + 1)]
    shape = lambda theta: sum(log1p(-theta * v) for v in x) / n
    profile = []
    for theta in b:
        k = shape(theta)
        profile.append(n * (log(-theta / k) - k - 1))
    top = max(profile)
    weights = [exp(v - top) for v in profile]
    theta = sum(w * t for w, t in zip(weights, b)) / sum(weights)
    k = shape(theta)
    return (n * k + 10 * mpf(1) / 2) / (n + 10), -k / theta


def smooth(log_weights):
    s = len(log_weights)
    m = int(ceil(min(mpf(s) / 5, 3 * sqrt(s))))
    top = max(log_weights)
    order = sorted(range(s), key=lambda i: log_weights[i])
    cutoff = exp(mpf(log_weights[order[s - m - 1]]) - top)
    excess = [exp(mpf(log_weights[i]) - top) - cutoff for i in order[s - m:]]
    k, sigma = fit(excess)
    result = [mpf(v) for v in log_weights]
    for z, i in enumerate(order[s - m:], start=1):
        p = (z - mpf(1) / 2) / m
        quantile = sigma / k * expm1(-k * log1p(-p))
        result[i] = top + min(mpf(0), log(cutoff + quantile))
    return k, result


def main():
    rng = random.Random(11)
    rows = []
    for s in (21, 50, 100, 400):
        for scale in (0.1, 1.0, 4.0, 30.0):
            rows.append([float32(-80 + rng.gauss(0, scale)) for _ in range(s)])
    rows.append([float32(rng.expovariate(2.0)) for _ in range(300)])  # weights are Pareto, k = 1/2
    rows.append([float32(rng.expovariate(1.0)) for _ in range(300)])  # k = 1
    rows.append([float32(rng.random()) for _ in range(300)])  # bounded weights
    rows.append([-inf if i % 3 else float32(rng.gauss(0, 2)) for i in range(200)])
    for row in rows:
        k, smoothed = smooth(row)
        text = [nstr(k, 12), *(repr(float(v)) for v in row), *(nstr(v, 12) for v in smoothed)]
        print(" ".join(text))


main()
