"""A frame through four steps; Metaflow's first and last are two of them."""

from metaflow import FlowSpec, step

from benchmarks import workloads
from benchmarks.peers.contract import params


class Frame(FlowSpec):
    """A straight line."""

    @step
    def start(self):
        self.frame = workloads.make_frame(params()["rows"])
        self.next(self.fill)

    @step
    def fill(self):
        self.frame = workloads.fill(self.frame)
        self.next(self.standardise)

    @step
    def standardise(self):
        self.frame = workloads.standardise(self.frame)
        self.next(self.end)

    @step
    def end(self):
        self.frame = workloads.clip(self.frame)


if __name__ == "__main__":
    Frame()
