#!/usr/bin/env python3
"""PyTorch's side of gpu-check: the same models and kernels, timed the same way.

Prints one JSON object on standard output, whatever happens; what PyTorch itself prints goes to
standard error. Every part has its own limit, and a part that fails says why in its place.
Compositions are written as a user writes them; the optimiser is the fused Adam in all forms, and
batches are slices of floats that are on the device already: PyTorch does less than elbo4j here.
"""
import argparse
import json
import math
import os
import signal
import statistics
import sys
import time

FORMS = {"eager": None, "compile": "default", "reduceOverhead": "reduce-overhead"}
PIXELS = 784

# name, hidden layers, latent dimensions, batch, samples: those of StepTimes.java
MODELS = [
    ("784-400-20 batch 128", (400,), 20, 128, 1),
    ("784-200-200-50 IWAE K=50 batch 20", (200, 200), 50, 20, 50),
    ("784-2048-2048-64 batch 4096", (2048, 2048), 64, 4096, 1),
]
TINY_MODELS = [
    ("784-8-2 batch 16", (8,), 2, 16, 1),
    ("784-8-8-3 IWAE K=5 batch 4", (8, 8), 3, 4, 5),
]
LEARNING_STEPS = 50
ROUNDS = 15


class OutOfTime(Exception):
    pass


class Limits:
    """Seconds that are left, and an alarm that ends a part that would take more."""

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds
        if hasattr(signal, "SIGALRM"):
            signal.signal(signal.SIGALRM, self._ring)

    @staticmethod
    def _ring(_signal, _frame):
        raise OutOfTime("out of time")

    def left(self):
        return self.end - time.monotonic()

    def part(self, most, work):
        """The result of work, or {"error": why}."""
        seconds = min(most, self.left())
        if seconds < 1:
            return {"error": "out of time"}
        try:
            if hasattr(signal, "SIGALRM"):
                signal.setitimer(signal.ITIMER_REAL, seconds)
            return work()
        except BaseException as e:  # a compiler that is missing, memory, a limit: all say why
            if isinstance(e, KeyboardInterrupt):
                raise
            text = " ".join(str(e).split())
            return {"error": (type(e).__name__ + ": " + text)[:300]}
        finally:
            if hasattr(signal, "SIGALRM"):
                signal.setitimer(signal.ITIMER_REAL, 0)


class Clock:
    """Times work between events, the L2 cache filled with something else before each run."""

    def __init__(self, torch, device, seconds, tiny):
        self.torch = torch
        cache = getattr(torch.cuda.get_device_properties(device), "L2_cache_size", 64 << 20)
        self.cold = torch.ones((1 << 18) if tiny else max(1 << 20, 2 * cache // 4), device=device)
        self.seconds = seconds

    def micros(self, *sets):
        torch = self.torch
        for i in range(3):
            self.cold.sum()
            sets[i % len(sets)]()
        torch.cuda.synchronize()
        start = time.perf_counter()
        self.cold.sum()
        sets[0]()
        torch.cuda.synchronize()
        one = max(1e-6, time.perf_counter() - start)
        runs = int(min(200, max(5, self.seconds / one)))
        begin = [torch.cuda.Event(enable_timing=True) for _ in range(runs)]
        end = [torch.cuda.Event(enable_timing=True) for _ in range(runs)]
        for i in range(runs):
            self.cold.sum()
            begin[i].record()
            sets[i % len(sets)]()
            end[i].record()
        torch.cuda.synchronize()
        times = [1e3 * b.elapsed_time(e) for b, e in zip(begin, end)]
        return {"micros": statistics.median(times), "min": min(times), "max": max(times), "runs": runs}


def copy_rate(torch, clock, tiny):
    n = 1 << 12 if tiny else 1 << 28
    a = torch.rand(n, device="cuda")
    b = torch.empty_like(a)
    return 8e-3 * n / clock.micros(lambda: b.copy_(a))["micros"]


def product_rate(torch, clock, tiny):
    n = 64 if tiny else 4096
    a, b, c = (torch.rand(n, n, device="cuda") for _ in range(3))
    return 2e-6 * n**3 / clock.micros(lambda: torch.mm(a, b, out=c))["micros"]


def reparameterize_kl(torch):
    """z = mu + exp(logVar/2)*eps with noise drawn inside, and the KL to the standard normal."""

    def composition(mu, log_var):
        z = mu + torch.exp(0.5 * log_var) * torch.randn_like(mu)
        kl = 0.5 * (mu * mu + torch.exp(log_var) - 1 - log_var).sum(1)
        return z, kl

    return composition


def with_gradient(torch, work, inputs, outward):
    """Forward and backward of work, from leaves without gradients."""
    leaves = [x.clone().requires_grad_() for x in inputs]

    def run():
        for leaf in leaves:
            leaf.grad = None
        out = work(*leaves)
        torch.autograd.backward(out if isinstance(out, tuple) else (out,), outward)

    return run


def kernels(torch, limits, clock, tiny):
    rows, d = (64, 8) if tiny else (262144, 64)
    batch, order = (8, 4) if tiny else (4096, 32)
    sets = [(torch.randn(rows, d, device="cuda"), torch.randn(rows, d, device="cuda")) for _ in range(2)]
    outward = (torch.randn(rows, d, device="cuda"), torch.randn(rows, device="cuda"))
    a = torch.randn(batch, order, order, device="cuda")
    a = a + a.transpose(1, 2) + 4 * order * torch.eye(order, device="cuda")
    d_l = (torch.randn(batch, order, order, device="cuda"),)
    drawn = reparameterize_kl(torch)

    def forward(work):
        def timed():
            with torch.no_grad():
                return clock.micros(*[lambda s=s: work(*s) for s in sets])

        return timed

    def both(work, inputs, gradient):
        return lambda: clock.micros(*[with_gradient(torch, work, i, gradient) for i in inputs])

    def cholesky(m):
        return torch.linalg.cholesky(m)

    forms = [
        ("reparameterizeKl", f"{rows}x{d}", drawn, forward),
        ("reparameterizeKlBoth", f"{rows}x{d}", drawn, lambda w: both(w, sets, outward)),
        ("cholesky", f"{batch}x{order}", cholesky, lambda w: both(w, [(a,)], d_l)),
    ]
    table = []
    for name, shape, work, timing in forms:
        row = {"name": name, "shape": shape}
        row["eager"] = limits.part(15, timing(work))
        row["compile"] = limits.part(45, lambda: timing(torch.compile(work))())
        table.append(row)
    return table


def vae(torch, hidden, latent, samples):
    nn, functional = torch.nn, torch.nn.functional

    class Vae(nn.Module):
        def __init__(self):
            super().__init__()
            widths = (PIXELS, *hidden)
            self.encoder = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))
            self.mu = nn.Linear(widths[-1], latent)
            self.log_var = nn.Linear(widths[-1], latent)
            back = (latent, *reversed(hidden))
            self.decoder = nn.ModuleList(nn.Linear(a, b) for a, b in zip(back, back[1:]))
            self.output = nn.Linear(back[-1], PIXELS)

        def forward(self, x):
            h = x
            for layer in self.encoder:
                h = functional.relu(layer(h))
            mu, log_var = self.mu(h), self.log_var(h)
            if samples == 1:
                kl = -0.5 * (1 + log_var - mu * mu - log_var.exp()).sum()
                eps = torch.randn_like(mu)
                logits = self.decode(mu + torch.exp(0.5 * log_var) * eps)
                bce = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
                return (bce + kl) / x.shape[0]
            # The importance-weighted bound; what log p(z) and log q(z|x) have in common cancels.
            mu, log_var = mu.unsqueeze(1), log_var.unsqueeze(1)
            eps = torch.randn(x.shape[0], samples, latent, device=x.device)
            z = mu + torch.exp(0.5 * log_var) * eps
            logits = self.decode(z)
            target = x.unsqueeze(1).expand(-1, samples, -1)
            log_lik = -functional.binary_cross_entropy_with_logits(logits, target, reduction="none").sum(2)
            log_w = log_lik + 0.5 * (eps * eps + log_var - z * z).sum(2)
            return -(torch.logsumexp(log_w, 1) - math.log(samples)).mean()

        def decode(self, z):
            for layer in self.decoder:
                z = functional.relu(layer(z))
            return self.output(z)

    return Vae().cuda()


def step(torch, model, mode, pictures, seconds):
    _, hidden, latent, batch, samples = model
    torch.manual_seed(1)
    net = vae(torch, hidden, latent, samples)
    adam = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
    loss_of = net if mode is None else torch.compile(net, mode=mode)
    batches = pictures.shape[0] // batch
    done = 0

    def once():
        nonlocal done
        x = pictures[done % batches * batch:][:batch]
        done += 1
        if mode == "reduce-overhead":
            torch.compiler.cudagraph_mark_step_begin()
        adam.zero_grad(set_to_none=True)
        loss = loss_of(x)
        loss.backward()
        adam.step()
        return loss

    first = once().item()
    later = statistics.fmean([once().item() for _ in range(LEARNING_STEPS - 1)][-10:])
    end = time.perf_counter() + seconds / 2
    while time.perf_counter() < end:
        once().item()
    times = []
    for _ in range(ROUNDS):
        torch.cuda.synchronize()
        start, before = time.perf_counter(), done
        while time.perf_counter() - start < seconds / ROUNDS:
            for _ in range(8):
                once()
            torch.cuda.synchronize()
        times.append(1e6 * (time.perf_counter() - start) / (done - before))
    return {"micros": statistics.median(times), "min": min(times), "max": max(times),
            "firstLoss": first, "laterLoss": later}


def steps(torch, limits, inputs, tiny, seconds):
    pixels = torch.frombuffer(bytearray(open(inputs, "rb").read()), dtype=torch.uint8)
    pictures = pixels.view(-1, PIXELS).cuda().float() / 255
    table = [{"name": model[0]} for model in (TINY_MODELS if tiny else MODELS)]
    for form, mode in FORMS.items():  # the forms that need no compiler first
        for row, model in zip(table, TINY_MODELS if tiny else MODELS):
            row[form] = limits.part(45, lambda: step(torch, model, mode, pictures, seconds))
    return table


def answer(arguments, limits):
    try:
        import torch
    except Exception as e:
        return {"torch": None, "reason": f"PyTorch cannot be imported: {e}"}
    result = {"torch": torch.__version__, "python": sys.version.split()[0], "reason": ""}
    if not torch.cuda.is_available():
        result["reason"] = "PyTorch sees no CUDA device"
        return result
    result["device"] = torch.cuda.get_device_name(0)
    result["matmulPrecision"] = torch.get_float32_matmul_precision()
    clock = Clock(torch, 0, 0.05 if arguments.quick or arguments.tiny else 0.2, arguments.tiny)
    for name, rate in (("copyGbPerSecond", copy_rate), ("productTflopPerSecond", product_rate)):
        measured = limits.part(20, lambda: {"rate": rate(torch, clock, arguments.tiny)})
        result[name] = measured.get("rate")
    seconds = 0.1 if arguments.tiny else 0.5 if arguments.quick else 1.5
    result["kernels"] = kernels(torch, limits, clock, arguments.tiny)
    if arguments.inputs:
        result["steps"] = steps(torch, limits, arguments.inputs, arguments.tiny, seconds)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", help="file of pictures, a byte a pixel, 784 each; no steps without it")
    parser.add_argument("--seconds", type=float, default=120, help="time for everything")
    parser.add_argument("--quick", action="store_true", help="shorter measurements")
    parser.add_argument("--tiny", action="store_true", help="the smallest sizes, to see that it runs")
    arguments = parser.parse_args()
    out = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no JSON
    try:
        result = answer(arguments, Limits(arguments.seconds))
    except Exception as e:
        result = {"torch": None, "reason": f"{type(e).__name__}: {e}"[:300]}
    os.write(out, (json.dumps(result) + "\n").encode())


if __name__ == "__main__":
    main()
