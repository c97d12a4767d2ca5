"""A Gymnasium environment of your own, registered in the script and played by two worker processes."""

import gymnasium
import numpy as np

from speciate import neuroevolve


class Corridor(gymnasium.Env):
    """Walk to the right end; every step costs one."""

    observation_space = gymnasium.spaces.Box(0.0, 1.0, (1,), np.float64)
    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, length=5):
        self.length = length

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = int(self.np_random.integers(self.length))
        return np.array([self.place / self.length]), {}

    def step(self, action):
        self.place = max(0, self.place + (1 if action else -1))
        return np.array([self.place / self.length]), -1.0, self.place >= self.length, False, {}


gymnasium.register("Corridor-v0", Corridor, max_episode_steps=50)
search = neuroevolve("Corridor-v0", options={"length": 7}, goal=-7, generations=5, workers=2, name="corridor")
print(search.champion.description, search.champion.numbers)
