"""Poles on a cart in plain Python, written from the equations: the slow twin of `speciate.neat.compiled.cart`."""

from __future__ import annotations

from math import cos, exp, isfinite, sin, tanh

G, M, MU = -9.8, 1.0, 0.000002
POLES = ((0.1, 0.5), (0.01, 0.05))  # mass, half of the length


def derivative(state, force, poles):
    _, v, *rest = state
    angles, speeds = rest[0::2], rest[1::2]
    forces, masses = [], []
    for (m, half), a, w in zip(POLES, angles, speeds, strict=False):
        forces.append(m * half * w * w * sin(a) + 0.75 * m * cos(a) * (MU * w / (m * half) + G * sin(a)))
        masses.append(m * (1 - 0.75 * cos(a) ** 2))
    acceleration = (force + sum(forces)) / (M + sum(masses))
    found = [v, acceleration]
    for (m, half), a, w in zip(POLES, angles, speeds, strict=False):
        found += [w, -3 / (4 * half) * (acceleration * cos(a) + G * sin(a) + MU * w / (m * half))]
    return found[: 2 + 2 * poles]


def runge_kutta(state, force, poles, h=0.01):
    def moved(by, along):
        return [s + by * d for s, d in zip(state, along, strict=True)]

    a = derivative(state, force, poles)
    b = derivative(moved(h / 2, a), force, poles)
    c = derivative(moved(h / 2, b), force, poles)
    d = derivative(moved(h, c), force, poles)
    return [s + h / 6 * (w + 2 * x + 2 * y + z) for s, w, x, y, z in zip(state, a, b, c, d, strict=True)]


def act(state, force, poles):
    return runge_kutta(runge_kutta(state, force, poles), force, poles)


def fallen(state, lean):
    return not (abs(state[0]) <= 2.4 and all(abs(a) <= lean and isfinite(a) for a in state[2::2]))


def balance(weights, start, poles, lean, steps, sigmoid):
    """Steps balanced by one output unit that sees everything, and the states on the way."""
    state, states = list(start), []
    scales = [4.8, 2.0, 0.52, 2.0, 0.52, 2.0]
    for done in range(steps):
        seen = [s / scale for s, scale in zip(state, scales, strict=False)] + [1.0]
        total = 0.0
        for w, s in zip(weights, seen, strict=True):
            total += w * s
        output = 2 / (1 + exp(-4.9 * total)) - 1 if sigmoid else tanh(total)
        state = act(state, 10 * output, poles)
        states.append(state)
        if fallen(state, lean):
            return done, states
    return steps, states
