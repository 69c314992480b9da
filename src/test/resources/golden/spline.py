"""Writes spline.txt: f(x) and log f'(x) of rational-quadratic splines (Durkan et al. 2019) with 40 digits.

f is the quotient of Gregory and Delbourgo (1982) in its symmetric form; its derivative is taken numerically.
Lines of: bins, bound, x, f(x), log f'(x), 3 bins - 1 parameters (widths, heights, derivatives).
"""
import random
import mpmath as mp

mp.mp.dps = 40
MIN = mp.mpf("0.001")


def sizes(raw, bound):
    e = [mp.exp(v) for v in raw]
    return [2 * bound * (MIN + (1 - len(raw) * MIN) * v / sum(e)) for v in e]


def spline(x, raw, bins, bound):
    w, h = sizes(raw[:bins], bound), sizes(raw[bins : 2 * bins], bound)
    d = [mp.mpf(1)] + [MIN + mp.log(1 + mp.exp(v)) for v in raw[2 * bins :]] + [mp.mpf(1)]
    left, low = -bound, -bound
    for k in range(bins):
        if x < left + w[k] or k == bins - 1:
            t, s = (x - left) / w[k], h[k] / w[k]
            top = (low + h[k]) * t**2 * s + (low * d[k + 1] + (low + h[k]) * d[k]) * t * (1 - t) + low * (1 - t) ** 2 * s
            return top / (s + (d[k + 1] + d[k] - 2 * s) * t * (1 - t))
        left, low = left + w[k], low + h[k]


random.seed(7)
with open("spline.txt", "w") as out:
    for i in range(40):
        bins, bound = random.choice([1, 2, 5, 8, 12]), mp.mpf(random.choice([1, 3, 5]))
        raw = [mp.mpf(round(random.gauss(0, 1) * 64)) / 64 for _ in range(3 * bins - 1)]
        x = mp.mpf(round(random.uniform(-0.98, 0.98) * 1024)) / 1024 * bound
        y = spline(x, raw, bins, bound)
        slope = mp.diff(lambda v: spline(v, raw, bins, bound), x)
        out.write(" ".join([str(bins)] + [mp.nstr(v, 17) for v in [bound, x, y, mp.log(slope)] + raw]) + "\n")
