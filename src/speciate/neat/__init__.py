"""NEAT: topologies and weights evolved together, where there is no gradient; a population is a table, without an object a genome."""
