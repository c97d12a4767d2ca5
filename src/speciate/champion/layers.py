"""Champions that are networks of layers, alone or in an ensemble: how they predict and are written."""

from __future__ import annotations

import copy
import hashlib
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from speciate.champion.layers_description import LayersDescription, scores_of
from speciate.champion.limits import check, needs, rows_at_once
from speciate.champion.model import Model, check_weights
from speciate.champion.writing import PARTS, rendered, standalone
from speciate.data.metrics import find_metric
from speciate.intervals import Lead, few, verdict
from speciate.networks import Ensemble
from speciate.networks.network import Network, Origin
from speciate.records import OUT_OF_FOLD
from speciate.spaces import NetworkGenome, count_multiplications, count_parameters
from speciate.store import stands_for
from speciate.text import clean, counted

if TYPE_CHECKING:  # torch is imported where networks are made: a driver with worker processes can do without
    from torch import nn

    from speciate.champion.assembling import Member
    from speciate.data import Data


class LayersModel(Model):
    """A trained network of layers, or an ensemble.

    Args:
        description: What model.json says.
        module: Torch's own layers in evaluation mode, as `assembled` makes it.
    """

    describes = LayersDescription
    description: LayersDescription

    def __init__(self, description: LayersDescription, module: nn.Module) -> None:
        super().__init__(description)
        self._module = module

    @classmethod
    def of(
        cls, champion: Mapping[str, Any], network: Network | Ensemble, data: Data, facts: Mapping[str, Any]
    ) -> LayersModel:
        """The champion of a run.

        Args:
            champion: The JSON form of the run's champion.
            network: The trained network, or several.
            data: What it was trained on. The sealed test rows are not looked at.
            facts: How it was found, as `run_facts` gives it.
        """
        members, module = _made(network, data)
        parts: list[dict[str, Any]] = [
            {
                "genome": member.genome.to_json(),
                "layers": member.genome.describe(),
                "parameters": count_parameters(*member.network),
                "bin_inputs": member.width,
            }
            for member in members
        ]
        known: list[dict[str, Any]] = [*facts.get("networks", ()), *({} for _ in parts)]
        rows = {"train": len(data.train), "valid": len(data.valid), "test": data.test.rows}
        names = ("task", "target", "target_mean", "target_scale", "metric")
        sha256 = hashlib.sha256(weight_file(module)).hexdigest()
        about = {name: getattr(data, name) for name in ("name", "source", "fingerprint", "split")}
        value = {
            "format": "speciate-model",
            "version": 1,
            **{name: getattr(data, name) for name in names},
            "classes": list(data.classes),
            "class_weights": None if data.class_weights is None else list(data.class_weights),
            "scores": scores_of(champion["valid_score"], champion["test_score"], champion),
            "baselines": facts["baselines"],
            "numbers": champion.get("numbers", {}),
            "input_shape": list(data.input_shape),
            "outputs": data.outputs,
            **parts[0],
            "parameters": sum(part["parameters"] for part in parts),
            "members": [{**part, **known[i]} for i, part in enumerate(parts)] if len(parts) > 1 else [],
            "temperature": network.temperature,
            "preprocessing": data.preprocessing.to_json(),
            "examples": champion["examples"],
            "refit": champion.get("refit", False),
            "weights": {"sha256": sha256, "trained": champion["weights"]},
            "data": {**about, "rows": rows, "summary": data.summary()},
            "run": {**facts["run"], "champion": champion["id"]},
            "columns": facts.get("columns", []),
            "versions": facts["versions"],
        }
        return cls(LayersDescription.model_validate(value), module)

    @classmethod
    def load(cls, file: Path, description: LayersDescription) -> LayersModel:
        """The network whose weights are in a file, which is refused before anything is built if it is not that network's."""
        from speciate.champion.assembling import assembled, check_bins
        from speciate.champion.standalone.weights import read_weights

        members = description.networks
        need = needs(member.network for member in members)
        check(need)
        if need.parameters != description.parameters:
            raise ValueError("the layers are not those of the weight file")
        # A layer may keep statistics beside its parameters, at most as many; a bin is five numbers.
        least = 4 * need.parameters + 24 * sum(member.width or 0 for member in members)
        most = least + 4 * need.parameters + 4 * description.outputs
        check_weights(file, description.weights.sha256, least, most)
        built = [member.build() for member in members]  # the weights drawn here are replaced at once
        module = assembled(members, built, description.temperature)
        module.load_state_dict(read_weights(file, module.state_dict()), assign=True)
        check_bins(module, description.input_shape[0])
        return cls(description, module)

    def __repr__(self) -> str:
        d, made = self.description, f"(rows, {', '.join(map(str, self.input_shape))})"
        networks = f"{len(d.members)} networks whose answers are averaged" if d.members else d.layers
        tested = d.scores.test is not None
        rows, score = ("test", d.scores.test) if tested else ("validation", d.scores.valid)
        answer = f"one of {len(d.classes):,} classes" if d.classes else "a number"
        lines = (
            f"{networks}, {counted(d.parameters, 'parameter')}",
            f"from a row of {d.data.name} to {d.target}, {answer}",
            f"{d.metric} {score:.4g} on {counted(d.data.rows['test' if tested else 'valid'], f'{rows} row')}",
            f"predict and predict_proba take raw rows; module takes standardized inputs {made}",
        )
        return "\n".join(clean(line, 160) for line in lines)

    @property
    def module(self) -> nn.Module:
        """Torch's own layers in evaluation mode, from standardized inputs (`preprocessing.transform(rows)`) to outputs."""
        return self._module

    @cached_property
    def genome(self) -> NetworkGenome:
        """Layers and hyper-parameters; of an ensemble those of its leading network."""
        return self.description.networks[0].genome

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return tuple(self.description.input_shape)

    @property
    def bin_inputs(self) -> int | None:
        """How many numbers the leading network takes where those of a row are spread over bins first."""
        return self.description.bin_inputs

    def tensors(self) -> dict[str, NDArray[Any]]:
        """The weights by the names that they have in a network built from the genome, which begin with its marks."""
        from speciate.champion.assembling import assembled
        from speciate.champion.plain import built_names

        members, tensors = self.description.networks, self.module.state_dict()
        built = [member.build() for member in members]
        names = built_names(built[0], assembled(members, built, self.description.temperature))
        return {name: tensors[same].numpy() for name, same in names.items()}

    def network(self) -> Network:
        """The leading network with what model.json says about where it comes from, so that a search can start from it."""
        about = self.description
        origin = Origin(
            name=about.run.name,
            task=about.task,
            target=about.target,
            classes=tuple(about.classes),
            class_weights=tuple(about.class_weights or ()),
            target_mean=about.target_mean,
            target_scale=about.target_scale,
            source=about.data.name,
            fingerprint=about.data.fingerprint,
            examples=about.examples,
            networks=len(about.parts),
            refit=about.refit,
        )
        return Network(self.genome, self.tensors(), origin)

    def outputs(self, inputs: NDArray[Any]) -> NDArray[np.float64]:
        """(n, *input_shape) to (n, outputs), in float64: a row's answer hardly depends on the rows beside it."""
        import torch

        exact = copy.deepcopy(self.module).double()
        at_once = rows_at_once(member.network for member in self.description.networks)
        with torch.inference_mode():
            parts = [exact(part.double()) for part in torch.split(torch.from_numpy(inputs), at_once)]
            return np.asarray(torch.cat(parts).numpy())

    def weight_file(self) -> bytes:
        """The content of model.safetensors."""
        return weight_file(self.module)

    def source(self) -> str:
        """The text of model.py."""
        from speciate.champion.network_code import network_code

        d, shape = self.description, ", ".join(map(str, self.input_shape))
        about = f"The layers, with fresh weights: (rows, {shape}) to (rows, {d.outputs})."
        code = network_code(self.module, about, "    ")
        return rendered(
            "layers.py",
            d=d,
            rows=d,
            at_once=rows_at_once(member.network for member in d.networks),
            about=about,
            code=code,
            **standalone(*PARTS[self.preprocessing.kind], *code.parts, "weights", "command"),
        )

    def card(self) -> str:
        """The text of README.md."""
        from speciate.champion.network_code import network_code

        d = self.description
        shapes = f"(rows, {', '.join(map(str, d.input_shape))}) to (rows, {d.outputs})"
        return rendered(
            "layers.md",
            d=d,
            rows=d,
            shapes=shapes,
            about_metric=find_metric(d.metric).about,
            multiplications=sum(count_multiplications(*member.network) for member in d.networks),
            tested_rows=d.scores.test is not None,
            few=few(d.data.rows.get("test", 0)) if d.scores.test is not None else "",
            out_of_fold=d.numbers.get(OUT_OF_FOLD),
            numbers={name: value for name, value in d.numbers.items() if name != OUT_OF_FOLD},
            verdict=_verdict(d),
            stands_for=stands_for,
            alike=Counter((m.layers, m.parameters, m.examples, m.candidate) for m in d.members),
            code=network_code(self.module, f"{shapes}."),
        )


def _made(network: Network | Ensemble, data: Data) -> tuple[list[Member], nn.Module]:
    """What the networks are built from, and one module that answers for data as they are standardized."""
    import torch

    from speciate.champion.assembling import Member, assembled, put_in

    encodings = [data.encoding_for(each.genome.bins) for each in network.networks]
    widths = [None if encoding is None else encoding.width for encoding in encodings]
    members = [
        Member(each.genome, data.input_shape, data.outputs, width)
        for each, width in zip(network.networks, widths, strict=True)
    ]
    built = [member.build() for member in members]
    for each, part in zip(network.networks, built, strict=True):
        part.load_state_dict({name: torch.from_numpy(value) for name, value in each.tensors.items()})
    module = assembled(members, built, network.temperature)
    put_in(module, encodings, data.shift)
    return members, module


def weight_file(module: nn.Module) -> bytes:
    """The content of model.safetensors."""
    from safetensors.numpy import save

    return bytes(save({name: tensor.numpy() for name, tensor in module.state_dict().items()}))


def _verdict(d: LayersDescription) -> str:
    """How the champion stands on the rows that count: the test rows if there are any."""
    leads = []
    for b in d.baselines:
        if d.scores.test is None:
            leads.append(Lead(b.name, d.scores.valid - b.scores.valid))
        elif b.scores.test is not None:
            low, high = (None, None) if b.lead is None else (b.lead.low, b.lead.high)
            leads.append(Lead(b.name, d.scores.test - b.scores.test, low, high))
    return verdict(leads)
