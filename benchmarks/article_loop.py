"""The article's training loop, as one wrote it in 2017: one network at a time, and an image decoded for every example.

A port of what "Design by Evolution" did, with its mistakes corrected (the whole budget of examples, the weight decay as
weight decay): PIL decodes each image, a transform makes a normalized tensor of it, a loader without workers collates
batches of 64, and the optimizer visits the parameters one after another.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

BATCH = 64
MEAN, SPREAD = 0.1307, 0.3081
"""Of MNIST's pixels, as everybody writes them."""

ACTIVATIONS = {
    "linear": nn.Identity,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "elu": nn.ELU,
}


class Images(Dataset[tuple[Tensor, int]]):
    """Images kept as PNG, decoded and transformed whenever one is asked for.

    Args:
        files: The content of a PNG file each.
        labels: Their classes.
    """

    def __init__(self, files: list[bytes], labels: np.ndarray) -> None:
        self.files, self.labels = files, labels

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """A normalized image (1, 28, 28) and its class."""
        from PIL import Image

        with Image.open(io.BytesIO(self.files[index])) as image:
            pixels = np.array(image.convert("L"))
        return torch.from_numpy(pixels).unsqueeze(0).float().div(255).sub(MEAN).div(SPREAD), int(
            self.labels[index]
        )


def encoded(pixels: np.ndarray, labels: np.ndarray) -> Images:
    """Images (n, 28, 28) of bytes as PNG."""
    from PIL import Image

    files = []
    for picture in pixels:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "png")
        files.append(file.getvalue())
    return Images(files, labels)


@dataclass(frozen=True)
class Timing:
    """What one network took.

    Attributes:
        seconds: Training and scoring.
        threads: How many threads torch had.
        loading: Seconds that decoding, transforming and collating alone take, measured apart.
        accuracy: Share of right answers on the scored images.
    """

    seconds: float
    threads: int
    loading: float
    accuracy: float


def fastest(genome: dict[str, Any], train: Images, valid: Images) -> Timing:
    """One network by the article's loop, with one thread and with as many as torch takes by default; the faster counts.

    On a busy machine, or with small networks, more threads can be much slower: the article shall not suffer from that.
    """
    default = torch.get_num_threads()
    try:
        return min((_timed(genome, train, valid, n) for n in {1, default}), key=lambda timing: timing.seconds)
    finally:
        torch.set_num_threads(default)


def _timed(genome: dict[str, Any], train: Images, valid: Images, threads: int) -> Timing:
    torch.set_num_threads(threads)
    started = time.perf_counter()
    accuracy = train_and_score(genome, train, valid)
    seconds = time.perf_counter() - started
    return Timing(seconds, threads, _loading(train, valid), accuracy)


def train_and_score(genome: dict[str, Any], train: Images, valid: Images) -> float:
    """One network by the article's loop: the accuracy it reaches.

    Args:
        genome: A sequential network in canonical JSON form.
        train: The examples to show, once each.
        valid: The images to score it on.
    """
    network = build(genome)
    train_only(network, genome["hyper"], train)
    return score(network, DataLoader(valid, batch_size=BATCH, num_workers=0))


def train_only(network: nn.Module, hyper: dict[str, Any], train: Images) -> None:
    """The training alone: every image once."""
    optimizer = make_optimizer(network, hyper)
    network.train()
    for x, y in DataLoader(train, batch_size=BATCH, shuffle=True, num_workers=0):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(x), y).backward()
        optimizer.step()


@torch.no_grad()
def score(network: nn.Module, images: Iterable[tuple[Tensor, Tensor]]) -> float:
    """Share of right answers."""
    network.eval()
    right = [(network(x).argmax(1) == y).float() for x, y in images]
    return float(torch.cat(right).mean())


def build(genome: dict[str, Any]) -> nn.Sequential:
    """A network of dense layers on 28 x 28 pixels for ten classes."""
    parts: list[nn.Module] = [nn.Flatten()]
    width = 28 * 28
    for genes in (node["genes"] for node in genome["nodes"] if node["kind"] == "dense"):
        parts += [
            nn.Linear(width, genes["units"]),
            ACTIVATIONS[genes["activation"]](),
            nn.Dropout(genes["dropout"]),
        ]
        width = genes["units"]
    return nn.Sequential(*parts, nn.Linear(width, 10))


def make_optimizer(network: nn.Module, hyper: dict[str, Any]) -> torch.optim.Optimizer:
    """The genome's optimizer, parameter by parameter as it was then: neither fused nor for several at once."""
    settings = {"lr": hyper["learning_rate"], "weight_decay": hyper["weight_decay"], "foreach": False}
    match hyper["optimizer"]:
        case "sgd":
            return torch.optim.SGD(network.parameters(), momentum=0.9, nesterov=True, **settings)
        case "adam":
            return torch.optim.Adam(network.parameters(), **settings)
        case "rmsprop":
            return torch.optim.RMSprop(network.parameters(), **settings)
        case _:
            return torch.optim.Adadelta(network.parameters(), **settings)


def _loading(train: Images, valid: Images) -> float:
    started = time.perf_counter()
    for images in (train, valid):
        for _ in DataLoader(images, batch_size=BATCH, shuffle=images is train, num_workers=0):
            pass
    return time.perf_counter() - started
