"""Independent steps that wait."""

from metaflow import FlowSpec, step

from benchmarks import workloads
from benchmarks.peers.contract import params


class Naps(FlowSpec):
    """One foreach."""

    @step
    def start(self):
        self.places = list(range(params()["steps"]))
        self.next(self.nap, foreach="places")

    @step
    def nap(self):
        workloads.nap(self.input, params()["seconds"])
        self.next(self.done)

    @step
    def done(self, inputs):  # noqa: ARG002 - makes it a join
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Naps()
