"""PyTorch's own Hessian-vector products, for PyTorchBenchmark.cs, which starts this. pytorch_products.py NAME FOLDER

Writes the model to the folder, as the exporter does. Then, for each line of standard input with a number of products, a
line: a processor's seconds a product, and the largest memory of the process so far beyond that before the model was differentiated, in
bytes. The graph of the gradient is kept, so that a product is one call of autograd.grad, in single
precision on one thread; probes are drawn outside the time that is taken.
"""
import ctypes
import os
import sys
import time
import warnings

import torch
import torchvision
from torch import nn

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "tools"), os.path.join(ROOT, "docs", "examples")]
from cifar_resnet import ResNet  # noqa: E402
from export_pytorch import export_graph  # noqa: E402
from gpt import GPT  # noqa: E402

vision = torchvision.models


def images(samples, size):
    return torch.randn(samples, 3, size, size), torch.randint(10, (samples,))


def mlp(activation):
    net = nn.Sequential(nn.Linear(784, 512), activation(), nn.Linear(512, 512), activation(), nn.Linear(512, 10))
    return net, torch.rand(256, 784), torch.randint(10, (256,))


def gpt():
    net = GPT(vocabulary=256, width=128, heads=4, layers=4, length=64)
    return net, torch.randint(256, (8, 64)), torch.randint(256, (8, 64))


def vit():
    net = vision.VisionTransformer(
        image_size=32, patch_size=4, num_layers=6, num_heads=4, hidden_dim=128, mlp_dim=256, num_classes=10)
    nn.init.normal_(net.heads.head.weight, std=0.02)
    return (net, *images(8, 32))


MODELS = {
    "mlp": lambda: mlp(nn.ReLU),
    "mlp_tanh": lambda: mlp(nn.Tanh),
    "resnet18": lambda: (vision.resnet18(num_classes=10), *images(8, 64)),
    "cifar_resnet": lambda: (ResNet(width=16, blocks=3, classes=10), *images(16, 32)),
    "vit": vit,
    "gpt": gpt,
    "mobilenet_v2": lambda: (vision.mobilenet_v2(num_classes=10), *images(8, 64)),
    "resnet50": lambda: (vision.resnet50(num_classes=10), *images(4, 64)),
}


def memory(field):
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith(field))


def main():
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    name, folder = sys.argv[1:]
    model, inputs, targets = MODELS[name]()
    model.eval()
    # In a process of its own, which leaves nothing in this one's memory.
    exporting = os.fork()
    if exporting == 0:
        export_graph(model, inputs, targets, folder)
        os._exit(0)
    if os.waitpid(exporting, 0)[1] != 0:
        sys.exit(1)
    parameters = list(model.parameters())

    def loss(output):
        # A language model's classes are in the last dimension.
        return nn.functional.cross_entropy(output.movedim(-1, 1) if targets.dim() > 1 else output, targets)

    def differentiate():
        return torch.autograd.grad(loss(model(inputs)), parameters, create_graph=True)

    # Once for nothing: what the library loads and compiles is not a probe's memory.
    torch.autograd.grad(differentiate(), parameters, parameters)
    ctypes.CDLL(None).malloc_trim(0)
    # The largest memory so far is that of now from here on.
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = memory("VmRSS")
    gradient = differentiate()
    print("ready", flush=True)
    for line in sys.stdin:
        seconds, products = 0, int(line)
        for _ in range(products):
            probe = [torch.randint(2, p.shape).to(p.dtype).mul_(2).sub_(1) for p in parameters]
            start = time.process_time()
            torch.autograd.grad(gradient, parameters, probe, retain_graph=True)
            seconds += time.process_time() - start
        print(seconds / products, memory("VmHWM") - before, flush=True)


if __name__ == "__main__":
    main()
