"""One step of many networks."""

from __future__ import annotations

from speciate.neat.compiled.activations import activate
from speciate.neat.compiled.machine_code import compiled


@compiled.inline
def advance(plan, genome, inputs, v):
    """One network makes one step: its nodes are computed in order, in place.

    Args:
        plan: The networks.
        genome: Which of them.
        inputs: How many it has.
        v: (slots,), its values, with those of inputs and bias set.
    """
    slot = inputs + 1
    for k in range(plan.first_node[genome], plan.first_node[genome + 1]):
        total = 0.0
        for e in range(plan.first_edge[k], plan.first_edge[k + 1]):
            total += plan.weights[e] * v[plan.slots[e]]
        v[slot] = activate(plan.operations[k], total)
        slot += 1


@compiled
def step(plan, owners, observations, values, outputs):
    """Every column's network makes one step.

    Nodes are computed in order, in place: what comes from a later node, or from the node itself, is the value of the
    step before.

    Args:
        plan: The networks.
        owners: (columns,) whose network a column is.
        observations: (inputs, columns).
        values: (columns, slots), kept from step to step; a single row if no network has a delayed connection.
        outputs: Filled, (outputs, columns).
    """
    inputs, columns = observations.shape
    shared = len(values) == 1
    for c in range(columns):
        genome = owners[c]
        v = values[0 if shared else c]
        for i in range(inputs):
            v[i] = observations[i, c]
        v[inputs] = 1.0
        advance(plan, genome, inputs, v)
        for o in range(len(outputs)):
            outputs[o, c] = v[plan.output_slots[genome, o]]
