"""A genome reaches other processes and comes back, whatever was worked out from it before."""

import copy
import pickle

from speciate.networks import hand_made


def test_a_genome_survives_pickling_after_use() -> None:
    genome = hand_made()
    used = (genome.hyper_parameters, genome.layers, genome.key, genome.phenotype, genome.is_path)
    for other in (pickle.loads(pickle.dumps(genome)), copy.deepcopy(genome)):
        assert other == genome
        assert (other.hyper_parameters, other.layers, other.key, other.phenotype, other.is_path) == used
