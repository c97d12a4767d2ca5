"""What a driver and its worker processes have to agree on."""

READY = None
"""What a worker says once it has the evaluator and its libraries; everything else that it says is an evaluation, or
the error because of which it cannot give one: a full disk, say."""

WARM = "warm"
"""The argument that makes a worker load what a first training needs before it says that it is ready."""
