"""Whole attempts to balance poles: network and physics together, without returning to Python."""

from __future__ import annotations

import numpy as np

from speciate.neat.compiled import compiled
from speciate.neat.compiled.cart import FORCE, STATE, fallen, push
from speciate.neat.compiled.forward import advance

SIGMOID, LOGISTIC = 0, 7
"""Codes of the activations whose outputs are between 0 and 1."""

RECENT = 100
"""Steps at the end of an attempt whose restlessness is summed."""


@compiled
def observe(state, poles, velocities, values):
    """Write what a controller sees of a state where the network's inputs are, scaled as in Stanley and Miikkulainen's program.

    x / 4.8, x' / 2, each angle / 0.52 and each angular velocity / 2; without velocities, positions and angles only.
    """
    at = 0
    for variable in range(2 + 2 * poles):
        if variable % 2 == 1:
            if velocities:
                values[at] = state[variable] / 2.0
                at += 1
        else:
            values[at] = state[variable] / (4.8 if variable == 0 else 0.52)
            at += 1


@compiled
def force_of(plan, network, inputs, values):
    """The force in newtons that a network's output asks for: from -1 to 1 for -10 to 10 N, or from 0 to 1 if it is a sigmoid."""
    slot = plan.output_slots[network, 0]
    output = values[slot]
    operation = plan.operations[plan.first_node[network] + slot - inputs - 1]
    if operation in (SIGMOID, LOGISTIC):
        output = 2.0 * output - 1.0
    return FORCE * min(max(output, -1.0), 1.0)


@compiled
def attempt(plan, network, start, poles, velocities, lean, steps, inputs, values, trace):
    """One attempt.

    Args:
        plan: The networks.
        network: Which of them.
        start: (2 + 2 poles,), the state to begin with.
        poles: One or two.
        velocities: Whether the network sees them.
        lean: The greatest angle of a pole, in radians.
        steps: When to stop.
        inputs: Of a network.
        values: (slots,) to work in.
        trace: (rows, 1 + 2 + 2 poles): the first steps' forces and the states that they lead to are written here.

    Returns:
        How many steps it took until the system fell, `steps` if it did not; and the sum of |x| + |x'| + |a1| + |a1'| over the
        last 100 states (all states, if there were fewer).
    """
    values[:] = 0.0
    size = 2 + 2 * poles
    state, room = start[:size].copy(), np.empty((5, size))
    recent = np.zeros(RECENT)
    done = 0
    while done < steps:
        observe(state, poles, velocities, values)
        values[inputs] = 1.0
        advance(plan, network, inputs, values)
        force = force_of(plan, network, inputs, values)
        push(state, force, poles, room)
        if done < len(trace):
            trace[done, 0] = force
            trace[done, 1 : 1 + size] = state
        recent[done % RECENT] = abs(state[0]) + abs(state[1]) + abs(state[2]) + abs(state[3])
        if fallen(state, poles, lean):
            break
        done += 1
    return done, recent.sum()


@compiled
def attempts(plan, networks, starts, poles, velocities, lean, steps, inputs, slots):
    """Each of some networks from each of some starts.

    Args:
        plan: The networks.
        networks: (n,) which of them.
        starts: (s, 6).
        poles: One or two.
        velocities: Whether a network sees them.
        lean: The greatest angle of a pole, in radians.
        steps: When to stop.
        inputs: Of a network.
        slots: The most values a network has.

    Returns:
        (n, s) steps and (n, s) restlessness; see `attempt`.
    """
    done = np.zeros((len(networks), len(starts)), np.int64)
    restless = np.zeros((len(networks), len(starts)))
    values, trace = np.zeros(slots), np.zeros((0, 1 + STATE))
    for i in range(len(networks)):
        for k in range(len(starts)):
            done[i, k], restless[i, k] = attempt(
                plan, networks[i], starts[k], poles, velocities, lean, steps, inputs, values, trace
            )
    return done, restless
