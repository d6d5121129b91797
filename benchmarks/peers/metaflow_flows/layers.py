"""Three layers of four no-op steps. Metaflow connects two layers by a join and a split."""

from metaflow import FlowSpec, step

from benchmarks import workloads


class Layers(FlowSpec):
    """Each layer is a foreach; its join hands all its numbers to the next."""

    @step
    def start(self):
        self.places = list(range(workloads.WIDTH))
        self.row = []
        self.next(self.first, foreach="places")

    @step
    def first(self):
        self.result = workloads.noop(self.input)
        self.next(self.to_second)

    @step
    def to_second(self, inputs):
        self.row = [each.result for each in inputs]
        self.next(self.before_second)

    @step
    def before_second(self):
        self.places = list(range(workloads.WIDTH, 2 * workloads.WIDTH))
        self.next(self.second, foreach="places")

    @step
    def second(self):
        self.result = workloads.noop(self.input, *self.row)
        self.next(self.to_third)

    @step
    def to_third(self, inputs):
        self.row = [each.result for each in inputs]
        self.next(self.before_third)

    @step
    def before_third(self):
        self.places = list(range(2 * workloads.WIDTH, 3 * workloads.WIDTH))
        self.next(self.third, foreach="places")

    @step
    def third(self):
        self.result = workloads.noop(self.input, *self.row)
        self.next(self.done)

    @step
    def done(self, inputs):  # noqa: ARG002 - makes it a join
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    Layers()
