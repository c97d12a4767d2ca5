"""What networks without gradients are evolved for."""

from speciate.neat.tasks.base import Scores, Task, Trace
from speciate.neat.tasks.registry import TASKS, task_by_name
from speciate.neat.tasks.xor import Xor

__all__ = ["TASKS", "Scores", "Task", "Trace", "Xor", "task_by_name"]
