"""Trained networks, and PyTorch's time to 1 % of a trace, for TimeToOnePercentBenchmark.cs, which starts this. time_to_one_percent.py NAME FOLDER

Trains the model, and writes it and its data to the folder as the exporter does. Then estimates the Hessian's trace as Hutchinson
does, by Rademacher probes and double backward of the whole matrix, in single precision on one thread, and prints a line of JSON:
parameters, loss and accuracy on the data, gflops of this PyTorch's matrix product, and the estimate's setup and seconds (a
processor's, for the gradient's graph where it is kept, and for the probes with drawing them), probes, mean and deviation of the
probes' v'Hv, and done, which is false where it would take more than LONGEST seconds and was left early.
"""
import json
import os
import sys
import time
import warnings

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NAME, FOLDER = sys.argv[1:]
sys.path[:0] = [os.path.join(ROOT, "tools"), os.path.join(ROOT, "tests", "Zoo")]
sys.argv[1:] = [sys.path[0]]  # where zoo.py is told that the exporter is
try:
    import torch
    import zoo
    from export_pytorch import export, write_safetensors
    from pytorch_products import mlp
    from torch import nn
except ImportError as error:
    sys.exit("%s: %s. It takes Debian's python3-torch and python3-torchvision." % (sys.executable, error))

STEPS, RATE, BATCH, RELATIVE_ERROR, FEWEST = 600, 2e-3, 64, 0.01, 30
# Seconds: what would take longer is measured for a while, and with enough probes for their variance.
LONGEST, WHILE, MEASURED = 60, 20, 50
# So many samples have one graph, which is kept; more have graphs of the best size, each made anew for so many probes. And samples for the exporter.
WHOLE, GRAPH, PROBES_OF_GRAPH, EXPORTED = 1024, 256, 50, 64
# How to make it, how many samples, and how far classes' means are from each other, of the noise's deviation.
MODELS = {
    "cifar_resnet": (zoo.MODELS["cifar_resnet"], 1024, 0.2),
    "vision_transformer": (zoo.MODELS["vision_transformer"], 256, 0.2),
    "gpt": (zoo.MODELS["gpt"], 64, None),
    "mlp": (lambda: mlp(nn.ReLU), 1024, 0.12),
    "cnn": (lambda: (nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 10)), torch.randn(2, 1, 28, 28), None), 60000, 0.35),
}


def images(shape, classes, spread):
    """Draws classes' means plus noise: inputs [samples, *shape], and their classes [samples]."""
    means = spread * torch.randn(classes, *shape)

    def draw(samples):
        targets = torch.randint(classes, (samples,))
        return means[targets] + torch.randn(samples, *shape), targets
    return draw


def text(vocabulary, length):
    """Draws sequences of a random Markov chain: ids and the ids that follow them, both [samples, length]."""
    chain = (2 * torch.randn(vocabulary, vocabulary)).softmax(1)

    def draw(samples):
        ids = torch.randint(vocabulary, (samples, 1))
        for _ in range(length):
            ids = torch.cat([ids, torch.multinomial(chain[ids[:, -1]], 1)], 1)
        return ids[:, :-1], ids[:, 1:]
    return draw


def loss_of(model, inputs, targets):
    """The mean cross-entropy of scores [N, C], or [N, T, C]."""
    return nn.functional.cross_entropy(model(inputs).flatten(0, -2), targets.flatten())


def train(model, draw):
    """On samples that are drawn anew for each step, so that none is learnt by heart."""
    model.train()
    adam = torch.optim.Adam(model.parameters(), RATE)
    for _ in range(STEPS):
        adam.zero_grad()
        loss_of(model, *draw(BATCH)).backward()
        adam.step()
    model.eval()


def said_of(values, seconds):
    """What is printed of the probes' v'Hv, and whether to stop: Student's t interval is at most 1 % of the trace to either side, or will be late."""
    n, numbers, z = len(values), torch.tensor(values, dtype=torch.float64), 1.959964
    mean, deviation, f = float(numbers.mean()), float(numbers.std()), n - 1
    t = z + (z ** 3 + z) / (4 * f) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * f ** 2)
    share = t * deviation / n ** 0.5 / (RELATIVE_ERROR * abs(mean))
    done = n >= FEWEST and share <= 1
    late = n >= MEASURED and seconds > WHILE and seconds * share ** 2 > LONGEST
    return {"seconds": seconds, "probes": n, "mean": mean, "deviation": deviation, "done": done}, done or late


def hutchinson(model, batches):
    """What is printed of the estimate over batches of inputs and targets."""
    parameters, samples = list(model.parameters()), sum(len(targets) for _, targets in batches)

    def differentiate(inputs, targets):
        return torch.autograd.grad(loss_of(model, inputs, targets) * (len(targets) / samples), parameters, create_graph=True)

    # Once for nothing: what the library loads and compiles is not counted.
    torch.autograd.grad(differentiate(*batches[0]), parameters, parameters)
    start = time.process_time()
    kept = differentiate(*batches[0]) if len(batches) == 1 else None
    setup, values, stops = time.process_time() - start, [], False
    while not stops:
        probes = [[torch.randint(2, p.shape).to(p.dtype).mul_(2).sub_(1) for p in parameters] for _ in range(10 if kept else PROBES_OF_GRAPH)]
        forms = [0.0] * len(probes)
        for batch in batches:
            gradient = kept or differentiate(*batch)
            for i, probe in enumerate(probes):
                product = torch.autograd.grad(gradient, parameters, probe, retain_graph=True)
                forms[i] += sum(float((h * v).sum()) for h, v in zip(product, probe))
        values += forms
        said, stops = said_of(values, time.process_time() - start - setup)
    return {"setup": setup, **said}


def gflops():
    """Of this PyTorch's matrix product: some 3 with the reference BLAS, and many times as many with OpenBLAS."""
    a, start = torch.randn(512, 512), time.process_time()
    for _ in range(10):
        a.mm(a)
    return 10 * 2 * 512 ** 3 / 1e9 / (time.process_time() - start)


def trained(samples):
    """The model, trained and written, and so many samples of its data, which are written too."""
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    make, _, spread = MODELS[NAME]
    model, example, _ = make()
    classes = model.eval()(example).shape[-1]
    draw = text(classes, example.shape[1]) if spread is None else images(example.shape[1:], classes, spread)
    train(model, draw)
    inputs, targets = draw(samples)
    export(model, inputs[:EXPORTED], targets[:EXPORTED], FOLDER)
    write_safetensors(os.path.join(FOLDER, "samples.safetensors"), {"inputs": inputs, "targets": targets})
    return model, inputs, targets


def main():
    samples = MODELS[NAME][1]
    size = samples if samples <= WHOLE else GRAPH
    model, inputs, targets = trained(samples)
    with torch.no_grad():
        scores = torch.cat([model(some) for some in inputs.split(GRAPH)]).flatten(0, -2)
    print(json.dumps({
        "parameters": sum(p.numel() for p in model.parameters()), "gflops": gflops(),
        "loss": float(nn.functional.cross_entropy(scores, targets.flatten())),
        "accuracy": float((scores.argmax(-1) == targets.flatten()).float().mean()),
        **hutchinson(model, list(zip(inputs.split(size), targets.split(size))))}))


if __name__ == "__main__":
    main()
