"""Champions of runs without gradients: networks of single connections that act in a task."""
