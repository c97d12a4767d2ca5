"""Which weight files of a run stay, which are deleted, and which are made again: the same training gives the same file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from speciate.algorithms import Algorithm
from speciate.champion import run_facts
from speciate.evaluators import Champion, Chosen, Evaluator
from speciate.records import Evaluation, Phase
from speciate.run.finalists import finalists
from speciate.run.identity import Event
from speciate.run.stored import candidate_of, recorded
from speciate.store import Row, RunFolder, Store, WeightFolder, is_current


class WeightRetention:
    """Looks after the weight files of a run, if its evaluator keeps any.

    Args:
        store: The run's store.
        evaluator: The run's evaluator.
        count: Finalists, whose weights stay.
        event: Writes a notable moment down.
    """

    def __init__(self, store: Store, evaluator: Evaluator, count: int, event: Event) -> None:
        self.store, self.evaluator, self.count, self.event = store, evaluator, count, event
        self._known: set[str] = set()  # files of the search that were reported in this session and are there
        self._needed: set[str] = set()  # files without which the search could not be prolonged

    @property
    def inherited(self) -> bool:
        """Whether candidates may go on from the files of others."""
        return self.evaluator.inherits

    def in_use(self, algorithm: Algorithm) -> set[str]:
        """The files that children, unfinished candidates, the final or the champion may go on from."""
        rows = self.store.rows(Phase.SEARCH)
        needed = [*finalists(rows, max(1, self.count)), *(row for row in rows if row.status == "pending")]
        found = algorithm.weights_in_use() | {row.weights for row in needed if row.weights}
        return found | {name for row in needed for _, _, name in row.sources}

    def collect(self, algorithm: Algorithm, evaluations: Sequence[Evaluation]) -> None:
        """Once a generation, delete the files that no child can inherit any more.

        Files that were not reported are left alone: a worker may be about to report one.
        """
        weights = self.evaluator.weights
        if weights is None or algorithm.phase is not Phase.SEARCH:
            return
        self._known |= {e.weights for e in evaluations if e.weights}
        if len(self._known) < 2 * algorithm.population_size:
            return
        kept = self.in_use(algorithm)
        weights.remove(self._known - kept)
        self._known &= kept

    def end_search(self, algorithm: Algorithm) -> None:
        """Remember what it takes to prolong the search."""
        self._needed = self.in_use(algorithm)

    def keep(self, champion: Champion | None) -> int:
        """Delete all files but the champion's, and those without which the search could not be prolonged; how many went."""
        if self.evaluator.weights is None:
            return 0
        if champion is None or champion.weights is None:  # there may be one soon
            own = {row.weights for row in self.store.rows() if row.weights and row.phase != Phase.SEARCH}
        else:
            own = {champion.weights}
        return self.evaluator.weights.keep(self._needed | own)

    def end_run(self, folder: RunFolder | None, champion: Champion | None) -> None:
        """Keep what may be needed again, and have the champion's folder written."""
        if champion is not None:
            self.keep(champion)
            self.publish(folder, champion)

    def publish(self, run: RunFolder | None, champion: Champion) -> None:
        """Have the champion's folder written, unless it is there; its weight file is made again if it is lost."""
        if run is None:
            return
        weights, folder = self.evaluator.weights, run.champion
        if champion.weights is not None and weights is not None:
            if is_current(folder, champion.weights):
                return
            if not weights.is_sound(champion.weights):
                self._make_again(champion)
            if not weights.is_sound(champion.weights):  # the run's results stand without it
                self.event("lost", "the champion's weights are lost: their file is missing or was altered")
                return
        self.evaluator.publish(folder, champion, run_facts(self.store))

    def _make_again(self, champion: Champion) -> None:
        """Make a champion's file again, of those of its networks where it has several."""
        rows = {row.id: row for row in self.store.rows()} if champion.trainings else {}
        networks = [rows[number] for number in champion.trainings if number in rows]
        self.restore({row.weights for row in networks if row.weights} or {str(champion.weights)})
        if networks and self.evaluator.weights is not None:
            members = tuple(recorded(row) for row in networks)
            if all(self.evaluator.weights.is_sound(str(e.weights)) for e in members):
                again = Chosen(members[0], members, temperatures=champion.temperatures)
                self.evaluator.joined(again)

    def restore(self, names: set[str]) -> None:
        """Make files again that are missing or were altered.

        Networks are trained again whose files are lost, and those that they inherited from, if these are lost too. Another
        version, or another processor, trains otherwise; what comes of that is not kept.
        """
        weights = self.evaluator.weights
        if weights is None:
            return
        made: list[Row] = []
        others: list[Row] = []
        for row in _lost(self.store.rows(), weights, names):
            weights.remove([str(row.weights)])  # an altered one would not be written again
            evaluation = self.evaluator.evaluate([candidate_of(row)])[0]
            (made if evaluation.weights == row.weights else others).append(row)
            if evaluation.weights is not None and evaluation.weights != row.weights:
                weights.remove([evaluation.weights])
        for row in made:
            self.event(
                "restored",
                f"the weights of candidate {row.id} were lost and are trained again, the same ones",
            )
        for row in others:
            self.event("lost", f"the weights of candidate {row.id} are lost, and training gives others here")


def _lost(rows: Iterable[Row], weights: WeightFolder, names: Iterable[str]) -> list[Row]:
    """The candidates whose files must be made again, parents before children."""
    trained = {row.weights: row for row in rows if row.weights and row.repeat_of is None}
    lost: dict[str, Row] = {}
    wanted = [name for name in names if name in trained]
    while wanted:
        name = wanted.pop()
        if name in lost or weights.is_sound(name):
            continue
        lost[name] = trained[name]
        wanted += [name for _, _, name in trained[name].sources if name in trained]
    return sorted(lost.values(), key=lambda row: row.id)
