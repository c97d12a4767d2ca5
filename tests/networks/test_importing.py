"""A user's own Sequential computes the same as a genome with tensors, and what cannot be imported is named."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from speciate.data import load_data
from speciate.errors import DataError
from speciate.evaluators import SupervisedEvaluator
from speciate.networks import Network, build, from_module

VECTORS = [nn.ReLU, nn.Tanh, nn.Sigmoid, nn.ELU, nn.GELU, nn.SiLU, nn.Identity]


def kinds(module: nn.Module, shape: Any) -> list[str]:
    return [node.kind for node in from_module(module, shape).genome.layers]


def rebuilt(network: Network, shape: tuple[int, ...]) -> nn.Module:
    outputs = next(len(v) for k, v in network.tensors.items() if k.startswith("output") and v.ndim == 1)
    module = build(network.genome, shape, outputs, np.random.default_rng(0))
    module.load_state_dict({k: torch.from_numpy(v) for k, v in network.tensors.items()})
    return module.eval()


def on_vectors(rng: np.random.Generator, width: int) -> tuple[list[nn.Module], int]:
    layers: list[nn.Module] = []
    for _ in range(rng.integers(4)):
        new = int(rng.integers(1, 9))
        layers.append(nn.Linear(width, new, bias=bool(rng.integers(2))))
        width = new
        for _ in range(rng.integers(4)):
            case = int(rng.integers(11))
            if case < 7:
                layers.append(VECTORS[case]())
            elif case == 7:
                layers.append(nn.Dropout(0.3))
            elif case == 8:
                layers.append(nn.BatchNorm1d(width, affine=bool(rng.integers(2))))
            elif case == 9:
                layers.append(nn.LayerNorm(width, elementwise_affine=bool(rng.integers(2))))
            else:
                layers.append(nn.GroupNorm(1, width))
    return layers, width


def on_images(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[list[nn.Module], int]:
    layers: list[nn.Module] = []
    channels, height, width = shape
    for _ in range(rng.integers(1, 7)):
        case = int(rng.integers(9))
        if case < 3:
            kernel, stride, new = (
                2 * int(rng.integers(3)) + 1,
                int(rng.integers(1, 3)),
                int(rng.integers(1, 6)),
            )
            groups, new = (channels, channels) if case == 2 else (1, new)
            bias = bool(rng.integers(2))
            layers.append(nn.Conv2d(channels, new, kernel, stride, kernel // 2, groups=groups, bias=bias))
            channels, height, width = new, -(-height // stride), -(-width // stride)
        elif case == 3 and min(height, width) > 1:
            layers.append((nn.MaxPool2d, nn.AvgPool2d)[rng.integers(2)](2))
            height, width = height // 2, width // 2
        elif case == 4:
            layers.append(nn.BatchNorm2d(channels))
        elif case == 5:
            layers.append(nn.GroupNorm(1, channels))
        elif case == 6:
            layers.append(nn.Dropout(0.2))
        else:
            layers.append(VECTORS[rng.integers(7)]())
    if rng.integers(2):
        layers += [(nn.AdaptiveMaxPool2d, nn.AdaptiveAvgPool2d)[rng.integers(2)](1), nn.Flatten()]
        return layers, channels
    return [*layers, nn.Flatten()], channels * height * width


@pytest.mark.parametrize("seed", range(150))
def test_it_computes_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    shape: tuple[int, ...] = (5,)
    parts: list[nn.Module] = []
    if seed % 2:
        shape = (int(rng.integers(1, 4)), int(rng.integers(2, 9)), int(rng.integers(2, 9)))
        parts, width = on_images(rng, shape)
        if rng.integers(2):
            parts.append(nn.BatchNorm1d(width))
    else:
        width = 5
    more, width = on_vectors(rng, width)
    parts += [*more, nn.Linear(width, 3)]
    half = len(parts) // 2
    module = nn.Sequential(
        nn.Sequential(*parts[:half]), nn.Sequential(OrderedDict(rest=nn.Sequential(*parts[half:])))
    )
    x = torch.from_numpy(rng.normal(size=(16, *shape)).astype(np.float32))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
        module(x)  # so that the statistics of batch normalization are not those of nothing
        network = from_module(module, shape)
        expected, found = module.eval().double()(x.double()), rebuilt(network, shape).double()(x.double())
    assert torch.allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_the_score_is_the_same() -> None:
    data = load_data("sklearn:digits")
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)).eval()
    network = from_module(module, data.input_shape)
    answers = SupervisedEvaluator(data).predict(network, data.valid.x)
    with torch.no_grad():
        expected = module(torch.from_numpy(data.valid.x)).double().softmax(1).numpy()
    assert np.allclose(answers, expected, atol=1e-6)
    assert (answers.argmax(1) == expected.argmax(1)).all()


def test_layers_become_what_somebody_would_have_written() -> None:
    dense = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.25), nn.Linear(8, 2))
    (node,) = from_module(dense, 4).genome.layers
    assert (node.kind, dict(node.genes)) == ("dense", {"units": 8, "activation": "relu", "dropout": 0.25})
    conv = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 2)
    )
    assert kinds(conv, (1, 8, 8)) == ["conv", "pool"]
    assert kinds(nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.1), nn.Tanh(), nn.Linear(8, 2)), 4) == [
        "dense",
        "activation",
    ]
    assert kinds(nn.Sequential(nn.Dropout(0.1), nn.Linear(4, 2)), 4) == ["dropout"]
    assert kinds(nn.Linear(4, 2), 4) == []
    depthwise = nn.Sequential(nn.Conv2d(3, 3, 3, padding="same", groups=3), nn.Flatten(), nn.Linear(12, 2))
    assert kinds(depthwise, (3, 2, 2)) == ["depthwise"]


def test_hyper_parameters_and_names() -> None:
    network = from_module(
        nn.Linear(4, 2), 4, name="mine", classes=("no", "yes"), hyper={"learning_rate": 0.5}, examples=9
    )
    assert network.genome.hyper_parameters["learning_rate"] == 0.5
    assert (network.origin.name, network.origin.classes, network.origin.examples) == (
        "mine",
        ("no", "yes"),
        9,
    )
    assert not network.renewed


def test_an_activation_may_stand_in_two_places() -> None:
    relu = nn.ReLU()
    module = nn.Sequential(nn.Linear(4, 3), relu, nn.Linear(3, 5), relu, nn.Linear(5, 2))
    layers = from_module(module, 4).genome.layers
    assert [dict(node.genes)["activation"] for node in layers] == ["relu", "relu"]


def shared() -> nn.Module:
    layer = nn.Linear(4, 4)
    return nn.Sequential(layer, layer)


def hooked() -> nn.Module:
    module = nn.Sequential(nn.Linear(4, 4))
    module[0].register_forward_hook(lambda layer, x, y: y + 1)
    return module


def hooked_outside() -> nn.Module:
    module = nn.Sequential(nn.Linear(4, 2))
    module.register_forward_hook(lambda layer, inputs, outputs: -outputs)
    return module


def hooked_inside() -> nn.Module:
    return nn.Sequential(hooked_outside())


def replaced() -> nn.Module:
    module = nn.Sequential(nn.Linear(4, 2))
    module[0].forward = lambda x: x[:, :2]
    return module


def broken() -> nn.Module:
    module = nn.Sequential(nn.Linear(4, 4))
    with torch.no_grad():
        module[0].weight[0, 0] = float("nan")
    return module


class Mine(nn.Linear):
    """Somebody's own layer."""


IMAGE = (2, 6, 6)
REFUSED: list[tuple[nn.Module, Any, str]] = [
    (nn.Sequential(nn.Linear(4, 2), nn.Softmax(1)), 4, r"layer 1 \(Softmax\).*leave it out"),
    (nn.Sequential(nn.Linear(4, 2), nn.ReLU()), 4, "the last layer must be a Linear.*leave out Softmax"),
    (nn.Sequential(), 4, "must be a Linear.*got nothing"),
    (nn.Sequential(nn.ReLU()), 4, "must be a Linear"),
    (nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.LSTM(4, 2))), 4, r"layer 1.0 \(LSTM\).*no counterpart.*Sequential of"),
    (Mine(4, 2), 4, r"the module \(Mine\)"),
    (nn.Linear(4, 2), 5, "for 4 units or channels, and 5 come in"),
    (nn.Linear(6, 2), IMAGE, r"put Flatten\(\) before it"),
    (nn.Linear(4, 2), (4, 4), "input_shape must be"),
    (nn.Conv2d(2, 3, 2), IMAGE, "even side 2"),
    (nn.Conv2d(2, 3, 3), IMAGE, "padding=1, half the kernel"),
    (nn.Conv2d(2, 3, (3, 5), padding=1), IMAGE, "not square"),
    (nn.Conv2d(2, 4, 3, padding=1, groups=2), IMAGE, "2 groups"),
    (nn.Conv2d(2, 4, 3, padding=1, dilation=2), IMAGE, "dilation"),
    (nn.Conv2d(2, 4, 3, padding=1, padding_mode="circular"), IMAGE, "padding_mode"),
    (nn.Conv2d(3, 4, 3, padding=1), IMAGE, "for 3 units or channels, and 2 come in"),
    (nn.Conv2d(3, 4, 3, padding=1), 4, "it takes images"),
    (nn.MaxPool2d(3, 2), IMAGE, "stride=3"),
    (nn.MaxPool2d(7), IMAGE, "do not fit"),
    (nn.AvgPool2d(2, padding=1), IMAGE, "padding=0"),
    (nn.AdaptiveAvgPool2d(2), IMAGE, "output_size of 1"),
    (nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(2)), IMAGE, "right behind the pooling"),
    (nn.Sequential(nn.Flatten(), nn.MaxPool2d(2)), IMAGE, "before Flatten"),
    (nn.BatchNorm2d(4), 4, "BatchNorm1d for vectors"),
    (nn.BatchNorm1d(4, eps=1e-3), 4, "eps"),
    (nn.BatchNorm1d(4, track_running_stats=False), 4, "track_running_stats"),
    (nn.LayerNorm([2, 6, 6]), IMAGE, "GroupNorm"),
    (nn.GroupNorm(2, 2), IMAGE, "num_groups=1"),
    (nn.ELU(0.5), 4, "alpha"),
    (nn.GELU("tanh"), 4, "approximate"),
    (nn.Dropout(1.0), 4, "drops everything"),
    (nn.Dropout2d(0.1), IMAGE, "use Dropout"),
    (nn.Flatten(0), IMAGE, "start_dim"),
    (shared(), 4, "shares its weights"),
    (hooked(), 4, "hooks"),
    (hooked_outside(), 4, "the module cannot be imported.*hooks"),
    (hooked_inside(), 4, "the Sequential 0 cannot be imported.*hooks"),
    (replaced(), 4, "forward was replaced"),
    (broken(), 4, "not a finite number"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("module", "shape", "message"), REFUSED, ids=lambda v: v if isinstance(v, str) else ""
)
def test_what_has_no_counterpart_is_named(module: nn.Module, shape: Any, message: str) -> None:
    with pytest.raises(DataError) as caught:
        from_module(module, shape)
    text = " ".join(str(caught.value).split())
    import re

    assert re.search(message, text), text


@pytest.mark.parametrize("shape", [None, "4", 4.0, (4.0,), (1, "8", 8)])
def test_the_shape_of_an_example_is_checked(shape: Any) -> None:
    with pytest.raises(DataError, match="input_shape must be"):
        from_module(nn.Linear(4, 2), shape)


def test_numbers_of_numpy_will_do() -> None:
    network = from_module(nn.Linear(4, 2), np.int64(4), examples=np.int64(5))  # type: ignore[arg-type]
    assert network.origin.examples == 5


@pytest.mark.parametrize(
    ("classes", "message"), [("ab", "must be a list"), (("a", "a"), "must differ"), (("a", "a "), None)]
)
def test_classes_are_labels_that_differ(classes: Any, message: str | None) -> None:
    if message is None:
        assert from_module(nn.Linear(4, 2), 4, classes=classes).origin.classes == classes
        return
    with pytest.raises(DataError, match=message):
        from_module(nn.Linear(4, 2), 4, classes=classes)


@pytest.mark.parametrize(
    "moments",
    [{"mean": float("nan")}, {"scale": 0}, {"scale": [1, 1, 1, -1]}, {"mean": [1, 2]}, {"mean": "zero"}],
)
def test_moments_are_one_number_or_one_each(moments: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="one finite number"):
        from_module(nn.Linear(4, 2), 4, **moments)


def test_the_classes_must_be_as_many_as_the_outputs() -> None:
    with pytest.raises(DataError, match="3 classes were named, and the head has 2 outputs"):
        from_module(nn.Linear(4, 2), 4, classes=("a", "b", "c"))
