"""What networks without gradients are evolved for."""

from speciate.neat.tasks.base import Scores, Task
from speciate.neat.tasks.xor import Xor

__all__ = ["Scores", "Task", "Xor"]
