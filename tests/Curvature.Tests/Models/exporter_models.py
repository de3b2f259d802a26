"""Models as users have them, and what they do wrong: each function is a make() for tools/export_pytorch.py."""
import numpy
import torch
from torch import nn
from torch.nn import functional

CLASSES = torch.tensor([0, 2, 1, 1, 0, 2])


def numbers(*shape, seed=2):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def shaken(model):
    """The same weights at every call, so that a model made anew is the same model."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                noise = torch.randn(value.shape, generator=generator) * 0.4
                value.copy_(noise.abs() if name.endswith("running_var") else noise)
    return model


def made(model, inputs=None, targets=CLASSES):
    return shaken(model), numbers(6, 5) if inputs is None else inputs, targets


class Residual(nn.Module):
    def __init__(self, body, shortcut=None):
        super().__init__()
        self.body, self.shortcut = body, shortcut or nn.Identity()

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


class Own(nn.Module):
    """A linear layer in a class of one's own, for forwards that do something odd."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(5, 3)


# What a model does to its arguments and to itself

def overwriting_branch():
    body = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(6, 6))
    return made(nn.Sequential(nn.Linear(5, 6), Residual(body), nn.Linear(6, 3)))


def overwriting_first():
    return made(nn.Sequential(nn.SiLU(inplace=True), nn.Linear(5, 3), nn.Tanh(), nn.Linear(3, 3)))


def overwriting_of_inputs_that_are_targets():
    x = numbers(6, 5)
    return made(nn.Sequential(nn.ELU(inplace=True), nn.Linear(5, 5), nn.Tanh()), x, x)


def overwriting_of_inputs_with_gradients():
    return made(nn.Sequential(nn.SiLU(inplace=True), nn.Linear(5, 3)), numbers(6, 5).requires_grad_())


class Counting(Own):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        self.calls += 1
        return torch.tanh(self.layer(x))


def counting():
    return made(Counting())


class Caching(Own):
    """Keeps what it has computed once, as position tables are kept."""

    def __init__(self):
        super().__init__()
        self.table = None

    def forward(self, x):
        if self.table is None:
            self.table = torch.arange(5).to(x)
        return torch.tanh(self.layer(x + self.table))


def caching():
    return made(Caching())


def in_training_mode():
    return made(nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Tanh(), nn.Linear(4, 3)).train())


# What scripting does not take, or what needs words

def transformer():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    return made(nn.Sequential(nn.TransformerEncoder(layer, 2), nn.Flatten(), nn.Linear(40, 3)), numbers(6, 5, 8))


class OnItsNumbers(Own):
    def forward(self, x):
        y = self.layer(x)
        return torch.tanh(y) if y.sum() > 0 else y


class OneByOne(Own):
    def forward(self, x):
        return torch.stack([self.layer(x[i]) for i in range(len(x))])


def on_its_numbers():
    return made(OnItsNumbers())


def one_by_one():
    return made(OneByOne())


class Unscriptable(Own):
    """Python that TorchScript does not know, and that a trace unrolls."""

    def forward(self, x, *more):
        return {key: torch.tanh(value(x)) for key, value in {"y": self.layer}.items()}["y"]


def traced():
    return made(Unscriptable())


def traced_one_sample():
    return made(Unscriptable(), numbers(1, 5), CLASSES[:1])


class FixedBatch(Own):
    def forward(self, x, *more):
        return self.layer(x) + torch.arange(int(len(x)), dtype=torch.float32).reshape(-1, 1).to(x)


def traced_for_its_batch_alone():
    return made(FixedBatch())


class Pair(Own):
    def forward(self, x):
        return x.sum(), (self.layer(x), torch.tanh(self.layer(x)))


class Dictionary(Own):
    def forward(self, x):
        return {"features": x, "logits": torch.tanh(self.layer(x))}


def pair():
    return made(Pair())


def dictionary():
    return made(Dictionary())


def weight_norm():
    model = made(nn.Sequential(nn.utils.weight_norm(nn.Linear(5, 3)), nn.Tanh()))[0]
    model(numbers(6, 5))
    return model, numbers(6, 5), CLASSES


def half():
    return nn.Sequential(made(nn.Linear(5, 3))[0], nn.Tanh()).half(), numbers(6, 5).half(), CLASSES


def probabilities():
    return made(nn.Sequential(nn.Linear(5, 3), nn.Tanh(), nn.Linear(3, 3)), targets=numbers(6, 3, seed=3).softmax(1))


def real_targets():
    return made(nn.Sequential(nn.Linear(5, 3), nn.Tanh()), targets=numbers(6, 3, seed=3))


def yes_and_no():
    return made(nn.Sequential(nn.Linear(5, 3), nn.Tanh()), targets=(numbers(6, 3, seed=3) > 0).float())


def without_gradients():
    torch.set_grad_enabled(False)
    return made(nn.Sequential(nn.Linear(5, 3), nn.Tanh()))


def segments():
    """Pixels of which some, of class 255, do not count; one sample has no other."""
    targets = torch.randint(0, 3, (6, 3, 3), generator=torch.Generator().manual_seed(4))
    targets[0] = 255
    targets[3:, 1] = 255
    return made(nn.Sequential(nn.Conv2d(1, 3, 2), nn.Tanh(), nn.Conv2d(3, 3, 1)), numbers(6, 1, 4, 4), targets)


# What is wrong

def needs(arguments):
    return arguments


def raises():
    model = nn.Linear(5, 3)
    return model(numbers(6, 4)), None, None


def leaves():
    raise SystemExit(7)


def two_things():
    return made(nn.Linear(5, 3))[:2]


def no_module():
    return made(nn.Linear(5, 3))[0].forward, numbers(6, 5), CLASSES


def several_inputs():
    return made(nn.Bilinear(4, 3, 3), (numbers(6, 4), numbers(6, 3)))


def inputs_by_name():
    return made(nn.Bilinear(4, 3, 3), {"input2": numbers(6, 3), "input1": numbers(6, 4)})


def too_many_inputs():
    return made(nn.Linear(5, 3), (numbers(6, 5), numbers(6, 5)))


def other_lengths():
    return made(nn.Bilinear(4, 3, 2), (numbers(6, 4), numbers(5, 3)))


class Labelled(nn.Module):
    """As in transformers: the loss beside the scores, where labels are given."""

    def __init__(self):
        super().__init__()
        self.body = nn.Linear(5, 3)

    def forward(self, x, labels=None):
        logits = self.body(x)
        return {"logits": logits, "loss": functional.cross_entropy(logits, labels, ignore_index=1)}


def own_loss():
    return made(Labelled())


def own_loss_by_name():
    return made(Labelled(), {"x": numbers(6, 5)}, {"labels": CLASSES})


def several_arguments():
    return made(nn.Bilinear(4, 3, 2))


def numpy_inputs():
    return made(nn.Linear(5, 3), numpy.zeros((6, 5)))


def list_targets():
    return made(nn.Linear(5, 3), targets=[0, 1, 2, 0, 1, 2])


def no_samples():
    return made(nn.Linear(5, 3), numbers(0, 5), CLASSES[:0])


def fewer_targets():
    return made(nn.Linear(5, 3), targets=CLASSES[:4])


def one_target():
    return made(nn.Linear(5, 3), targets=torch.tensor(1))


def lazy():
    return nn.Sequential(nn.LazyLinear(3)), numbers(6, 5), CLASSES


def nowhere():
    return nn.Linear(5, 3).to("meta"), numbers(6, 5), CLASSES


class Failing(Own):
    def forward(self, x):
        narrow = x[:, :4]
        return self.layer(narrow)


def failing():
    return made(nn.Sequential(Failing()))


def other_type():
    return made(nn.Linear(5, 3), numbers(6, 5).double())


def text():
    drawn = torch.randint(0, 7, (2, 6, 5), generator=torch.Generator().manual_seed(3))
    return made(nn.Sequential(nn.Embedding(7, 4), nn.Linear(4, 7)), drawn[0], drawn[1])


def column_of_outputs():
    return made(nn.Linear(5, 1), targets=numbers(6))


def class_10():
    return made(nn.Linear(5, 3), targets=torch.tensor([0, 1, 10, 2, 1, 0]))


def one_score():
    return made(nn.Linear(5, 1), targets=torch.tensor([0, 1, 1, 0, 1, 0]))


def true_and_false():
    return made(nn.Linear(5, 3), targets=numbers(6, 3) > 0)


def two_softmaxes():
    return made(nn.Sequential(nn.Linear(5, 3), nn.Softmax(1)), targets=numbers(6, 3, seed=3).softmax(1))


def not_finite():
    return made(nn.Sequential(nn.Linear(5, 3)), numbers(6, 5) / 0)


def renormalised():
    return made(nn.Sequential(nn.Embedding(7, 3, max_norm=0.2)), torch.arange(6))


class Random(Own):
    def forward(self, x):
        return self.layer(functional.dropout(x, 0.5))


def random():
    return made(Random())


class CountsCalls(Counting):
    def forward(self, x):
        self.calls += 1
        return self.layer(x) * self.calls


def counts_calls():
    return made(CountsCalls())


class Early(Own):
    def __init__(self):
        super().__init__()
        self.exponents = self.layer.weight.exp()

    def forward(self, x):
        return functional.linear(x, self.exponents)


def computed_early():
    return made(Early())


class Detached(Residual):
    """The same output as body(x) + shortcut(x), and other gradients."""

    def forward(self, x):
        return self.body(x) + self.shortcut(x.detach())


def detached():
    return made(nn.Sequential(nn.Linear(5, 5), Detached(nn.Linear(5, 5)), nn.Linear(5, 3)))


class Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.exp()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        return gradient


class UsesOnce(Own):
    def forward(self, x):
        return Once.apply(self.layer(x))


def no_program():
    return made(UsesOnce())


def frozen():
    model, *batch = made(nn.Sequential(nn.Linear(5, 3)))
    return (model.requires_grad_(False), *batch)


# No second derivative

def bag():
    return made(nn.Sequential(nn.Sequential(nn.EmbeddingBag(7, 4), nn.Tanh()), nn.Linear(4, 3)), torch.randint(0, 7, (6, 5)))


class Distances(nn.Module):
    def __init__(self):
        super().__init__()
        self.centres = nn.Parameter(numbers(4, 5))

    def forward(self, x):
        return -torch.cdist(x, self.centres)


class Clusters(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.inner, self.last = nn.Linear(5, 5), Distances(), nn.Linear(4, 3)

    def forward(self, x):
        return self.last(self.inner(self.first(x)))


def distances():
    return made(Clusters())


class Power(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(5, 3, bias=False)

    def forward(self, x):
        return self.layer(x).abs().pow(1.5)


def infinite_second_derivative():
    return made(Power(), torch.zeros(6, 5))


class SingleLinear(Own):
    def forward(self, x):
        return functional.linear(x, torch.ones(3, 5)) + self.layer(x)


def single_precision():
    return made(SingleLinear())


def with_another_loss():
    return (*made(nn.Linear(5, 3), targets=torch.tensor([0, 1, 0, 2, 1, 0])), nn.MultiMarginLoss())


def with_a_loss_for_each():
    return (*made(nn.Linear(5, 3), targets=torch.tensor([0, 1, 0, 2, 1, 0])), nn.CrossEntropyLoss(reduction="none"))


def with_weights():
    return (*made(nn.Linear(5, 3), targets=torch.tensor([0, 1, 0, 2, 1, 0])), nn.CrossEntropyLoss(torch.ones(4)))
