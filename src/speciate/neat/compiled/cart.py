"""The physics of one or two poles hinged on a cart, as machine code.

Wieland, "Evolving neural network controllers for unstable systems", IJCNN 1991; the equations and constants are those of Gomez
and Miikkulainen, "Solving non-Markovian control tasks with neuroevolution", IJCAI 1999, and of Stanley and Miikkulainen,
"Evolving neural networks through augmenting topologies", Evolutionary Computation 10(2), 2002, section 4.3:

    F_i  = m_i l_i w_i^2 sin(a_i) + 3/4 m_i cos(a_i) (mu w_i / (m_i l_i) + g sin(a_i))
    M_i  = m_i (1 - 3/4 cos(a_i)^2)
    x''  = (F + sum F_i) / (M + sum M_i)
    a_i'' = -3 / (4 l_i) (x'' cos(a_i) + g sin(a_i) + mu w_i / (m_i l_i))

with positions in meters, angles a_i from the vertical in radians, w_i = a_i' and g = -9.8 m/s^2.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speciate.neat.compiled import compiled

STATE = 6
"""Numbers in a state: position and velocity of the cart, then angle and angular velocity of each of up to two poles."""

GRAVITY = -9.8
CART_MASS = 1.0
HALF_LENGTHS = (0.5, 0.05)
"""Half the length of each pole in meters."""
POLE_MASSES = (0.1, 0.01)
"""In kilograms."""
FRICTION = 0.000002
"""Of the poles' hinges; the cart has none."""

SECONDS = 0.01
"""One step of the integration."""
STEPS_AN_ACTION = 2
"""Steps of the integration during which a force is held: a controller acts every 0.02 s."""
FORCE = 10.0
"""The greatest force, in newtons."""
TRACK = 2.4
"""How far the cart may go in either direction, in meters."""

Vector = NDArray[np.float64]


@compiled
def slopes(state: Vector, force: float, poles: int, found: Vector) -> None:
    """The derivative of a state by time.

    Args:
        state: (2 + 2 poles,).
        force: On the cart, in newtons.
        poles: One or two.
        found: Where the derivative goes, of the same shape.
    """
    pushed, weighed = force, CART_MASS
    for pole in range(poles):
        angle, speed = state[2 + 2 * pole], state[3 + 2 * pole]
        mass, length = POLE_MASSES[pole], HALF_LENGTHS[pole]
        sine, cosine = math.sin(angle), math.cos(angle)
        drag = FRICTION * speed / (mass * length) + GRAVITY * sine
        pushed += mass * length * speed * speed * sine + 0.75 * mass * cosine * drag
        weighed += mass * (1.0 - 0.75 * cosine * cosine)
        found[2 + 2 * pole] = cosine  # kept until the cart's acceleration is known
        found[3 + 2 * pole] = drag
    acceleration = pushed / weighed
    for pole in range(poles):
        cosine, drag = found[2 + 2 * pole], found[3 + 2 * pole]
        found[3 + 2 * pole] = -0.75 * (acceleration * cosine + drag) / HALF_LENGTHS[pole]
        found[2 + 2 * pole] = state[3 + 2 * pole]
    found[0] = state[1]
    found[1] = acceleration


@compiled
def push(state: Vector, force: float, poles: int, room: Any) -> None:
    """Hold a force for one action: two steps of the classical Runge-Kutta method of fourth order, in place.

    Args:
        state: (2 + 2 poles,).
        force: In newtons.
        poles: One or two.
        room: (5, 2 + 2 poles) to work in.
    """
    size = 2 + 2 * poles
    between, first, second, third, fourth = room[0], room[1], room[2], room[3], room[4]
    for _ in range(STEPS_AN_ACTION):
        slopes(state, force, poles, first)
        for i in range(size):
            between[i] = state[i] + 0.5 * SECONDS * first[i]
        slopes(between, force, poles, second)
        for i in range(size):
            between[i] = state[i] + 0.5 * SECONDS * second[i]
        slopes(between, force, poles, third)
        for i in range(size):
            between[i] = state[i] + SECONDS * third[i]
        slopes(between, force, poles, fourth)
        for i in range(size):
            state[i] += SECONDS / 6.0 * (first[i] + 2.0 * second[i] + 2.0 * third[i] + fourth[i])


@compiled
def fallen(state: Vector, poles: int, limit: float) -> bool:
    """Whether the cart has left the track, or a pole leans by more than `limit` radians.

    A state that is not finite has fallen too.
    """
    down = not abs(state[0]) <= TRACK
    for pole in range(poles):
        down |= not abs(state[2 + 2 * pole]) <= limit
    return down
