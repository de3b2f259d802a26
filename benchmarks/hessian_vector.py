"""PyTorch's Hessian-vector products over a batch, for ProductBenchmark.cs, which starts this. hessian_vector.py NAME FOLDER

Writes the model and its samples to the folder as the exporter does, and prints a line of JSON: parameters, samples, gflops of this
PyTorch's matrix product, and a processor's seconds for a product by double backward, on one thread: with the gradient's graph made for it, as
curvlinops and PyHessian do, and with a graph that is kept, which they do not.
"""
import json
import os
import sys
import time

NAME, FOLDER = sys.argv[1:]
sys.argv[1:] = [NAME, FOLDER]
import torch  # noqa: E402
from time_to_one_percent import gflops, images, loss_of, text, zoo  # noqa: E402
from export_pytorch import export, write_safetensors  # noqa: E402

ROUNDS = 5
MODELS = {"cifar_resnet": 256, "vision_transformer": 64, "gpt": 32}


def median(seconds):
    return sorted(seconds)[len(seconds) // 2]


def main():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, example, _ = zoo.MODELS[NAME]()
    classes = model.eval()(example).shape[-1]
    draw = text(classes, example.shape[1]) if example.dtype == torch.int64 else images(example.shape[1:], classes, 0.2)
    inputs, targets = draw(MODELS[NAME])
    export(model, inputs, targets, FOLDER)
    write_safetensors(os.path.join(FOLDER, "samples.safetensors"), {"inputs": inputs, "targets": targets})
    parameters = list(model.parameters())
    vector = [torch.randn_like(p) for p in parameters]
    anew, kept, gradient = [], [], None
    for _ in range(ROUNDS):
        start = time.process_time()
        gradient = torch.autograd.grad(loss_of(model, inputs, targets), parameters, create_graph=True)
        torch.autograd.grad(gradient, parameters, vector, retain_graph=True)
        anew.append(time.process_time() - start)
        start = time.process_time()
        torch.autograd.grad(gradient, parameters, vector, retain_graph=True)
        kept.append(time.process_time() - start)
    print(json.dumps({
        "parameters": sum(p.numel() for p in parameters), "samples": len(targets), "gflops": gflops(), "anew": median(anew), "kept": median(kept)}))


main()
