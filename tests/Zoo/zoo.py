"""Models that people use, as graphs, with what PyTorch's double backward says of them. zoo.py TOOLS OUT [--files] [NAME...]

For each model a folder: model.json, weights.safetensors, data.safetensors, parameters.json with the names of those that are
trained, probe.safetensors, and expected.json with the loss, v'Hv of the full Hessian and of some blocks, and v'Gv of the full Gauss-Newton matrix, in float64. With --files neither probe nor expected.json, which take the most time.
"""
import json
import os
import sys
import warnings

import torch
import torch.nn.functional as F
import torchvision
from torch import nn

sys.path[:0] = [sys.argv[1], os.path.join(sys.argv[1], "..", "docs", "examples")]
import cifar_resnet  # noqa: E402
import gpt  # noqa: E402
from export_pytorch import export_graph, write_safetensors  # noqa: E402

MOST_BLOCKS = 8
OWN = "model"
vision = torchvision.models
MODELS = {"cifar_resnet": cifar_resnet.make, "gpt": gpt.make}


def model(function):
    MODELS[function.__name__] = function
    return function


def images(size, samples=2):
    return torch.randn(samples, 3, size, size)


def classes(samples, count):
    return torch.randint(count, (samples,))


def classifier(make, size):
    def build():
        return make(num_classes=5), images(size), classes(2, 5)
    return build


class Bottleneck(vision.resnet.Bottleneck):
    """A quarter as wide as that of ResNet-50."""

    expansion = 1


def resnet(block, width):
    return lambda **more: vision.ResNet(block, [2, 2, 2, 2], width_per_group=width, **more)


def densenet(**more):
    return vision.DenseNet(8, (2, 3, 2, 2), 16, **more)


def convnext(**more):
    setting = vision.convnext.CNBlockConfig
    return vision.ConvNeXt([setting(8, 16, 2), setting(16, 24, 1), setting(24, None, 1)], **more)


def swin(**more):
    return vision.SwinTransformer([2, 2], 8, [2, 2], [2, 4], [4, 4], **more)


def vgg(num_classes):
    net = vision.vgg11_bn()
    net.avgpool, net.classifier = nn.AdaptiveAvgPool2d((2, 2)), nn.Linear(512 * 4, num_classes)
    return net


# The architectures of torchvision; of the largest ones, fewer or narrower blocks of the same kinds.
for name, make, size in [
        ("resnet18", vision.resnet18, 32), ("resnet50", resnet(Bottleneck, 32), 32), ("vgg11_bn", vgg, 32),
        ("mobilenet_v2", vision.mobilenet_v2, 32), ("mobilenet_v3_small", vision.mobilenet_v3_small, 32),
        ("densenet121", densenet, 32), ("efficientnet_b0", vision.efficientnet_b0, 32),
        ("convnext_tiny", convnext, 32), ("shufflenet_v2", vision.shufflenet_v2_x0_5, 32),
        ("squeezenet", vision.squeezenet1_1, 32), ("swin_t", swin, 32)]:
    MODELS[name] = classifier(make, size)


class Bag(nn.Module):
    """The mean of an embedding's rows, as EmbeddingBag computes it, whose backward PyTorch does not differentiate."""
    def __init__(self, bag):
        super().__init__()
        self.weight = bag.weight

    def forward(self, ids):
        return F.embedding(ids, self.weight).mean(1)


class Hardsigmoid(nn.Module):
    """PyTorch's has no second derivative, of which the one that there is, zero almost everywhere, is left out."""
    def forward(self, x):
        return F.relu6(x + 3) / 6


class WeightNorm(nn.Module):
    """A linear layer whose weight is g v/|v|: the second derivative of PyTorch 1.13's own operation is wrong."""
    def __init__(self, layer):
        super().__init__()
        self.weight_g, self.weight_v, self.bias = layer.weight_g, layer.weight_v, layer.bias

    def forward(self, x):
        return F.linear(x, self.weight_v * (self.weight_g / self.weight_v.square().sum(1, keepdim=True).sqrt()), self.bias)


@model
def googlenet():
    return vision.googlenet(num_classes=5, aux_logits=False, init_weights=False), images(32), classes(2, 5)


@model
def vision_transformer():
    net = vision.VisionTransformer(
        image_size=32, patch_size=8, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=5)
    nn.init.normal_(net.heads.head.weight)
    return net, images(32), classes(2, 5)


def encoder(norm_first):
    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, norm_first=norm_first)
            self.encoder, self.head = nn.TransformerEncoder(layer, 2), nn.Linear(16, 4)

        def forward(self, x):
            return self.head(self.encoder(x).mean(1))
    return Classifier(), torch.randn(3, 5, 16), classes(3, 4)


MODELS["encoder_post_norm"] = lambda: encoder(False)
MODELS["encoder_pre_norm"] = lambda: encoder(True)


@model
def multihead_attention():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(12, 3, batch_first=True)

        def forward(self, x):
            return self.attention(x, x, x)[0][:, 0]
    return Attention(), torch.randn(3, 5, 12), classes(3, 12)


def recurrent(kind):
    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = kind(4, 6, 2, batch_first=True), nn.Linear(6, 3)

        def forward(self, x):
            return self.head(self.body(x)[0][:, -1])
    return Classifier(), torch.randn(4, 5, 4), classes(4, 3)


MODELS["lstm"] = lambda: recurrent(nn.LSTM)
MODELS["gru"] = lambda: recurrent(nn.GRU)


@model
def autoencoder():
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 6, 3, 2, 1), nn.SiLU(),
        nn.ConvTranspose2d(6, 4, 3, 2, 1, output_padding=1), nn.Tanh(),
        nn.ConvTranspose2d(4, 3, 4, 2, 1, groups=1))
    x = images(8)
    return net, x, x.clone()


@model
def u_net():
    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.down1, self.down2 = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 6, 3, padding=1)
            self.up, self.head = nn.Conv2d(10, 5, 3, padding=1), nn.Conv2d(5, 3, 1)

        def forward(self, x):
            one = F.relu(self.down1(x))
            two = F.relu(self.down2(F.max_pool2d(one, 2)))
            two = F.interpolate(two, scale_factor=2, mode="bilinear", align_corners=False)
            return self.head(F.relu(self.up(torch.cat([one, two], 1))))
    return UNet(), images(8), torch.randint(3, (2, 8, 8))


@model
def fcn_resnet50():
    class Out(nn.Module):
        def __init__(self):
            super().__init__()
            body = vision.ResNet(Bottleneck, [1, 1, 1, 1], width_per_group=32, replace_stride_with_dilation=[False, True, True])
            backbone = vision._utils.IntermediateLayerGetter(body, {"layer4": "out"})
            self.net = vision.segmentation.FCN(backbone, vision.segmentation.fcn.FCNHead(512, 3))

        def forward(self, x):
            return self.net(x)["out"]
    return Out(), images(24), torch.randint(3, (2, 24, 24))


@model
def weight_norm():
    return nn.Sequential(
        nn.utils.weight_norm(nn.Linear(4, 5)), nn.Tanh(), nn.Linear(5, 3)), torch.randn(6, 4), classes(6, 3)


@model
def spectral_norm():
    return nn.Sequential(
        nn.Linear(4, 5), nn.Tanh(), nn.utils.parametrizations.spectral_norm(nn.Linear(5, 3))), torch.randn(6, 4), classes(6, 3)


@model
def einsum():
    class Bilinear(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 3), nn.Linear(4, 5)
            self.form = nn.Parameter(torch.randn(3, 5, 2))

        def forward(self, x):
            return torch.einsum("ni,nj,ijk->nk", torch.tanh(self.a(x)), self.b(x), self.form)
    return Bilinear(), torch.randn(5, 4), classes(5, 2)


@model
def embedding_bag():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.bag, self.head = nn.EmbeddingBag(10, 4, mode="mean"), nn.Linear(4, 3)

        def forward(self, ids):
            return self.head(torch.tanh(self.bag(ids)))
    return Net(), torch.randint(10, (4, 5)), classes(4, 3)


@model
def gated_linear_unit():
    return nn.Sequential(nn.Linear(4, 8), nn.GLU(), nn.Linear(4, 3)), torch.randn(5, 4), classes(5, 3)


@model
def conv3d():
    return nn.Sequential(
        nn.Conv3d(1, 3, 2, stride=(1, 2, 1)), nn.Tanh(), nn.Conv3d(3, 2, (1, 2, 2), groups=1), nn.Flatten(),
        nn.Linear(2 * 3 * 1 * 2, 3)), torch.randn(3, 1, 4, 4, 4), classes(3, 3)


@model
def group_norm():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.SiLU(), nn.Flatten(), nn.Linear(4 * 16, 3)), images(6, 3), classes(3, 3)


@model
def instance_norm():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.InstanceNorm2d(4, affine=True), nn.SiLU(), nn.Flatten(), nn.Linear(4 * 16, 3)), images(6, 3), classes(3, 3)


@model
def rms_norm():
    class RmsNorm(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.weight = nn.Parameter(torch.rand(width) + 0.5)

        def forward(self, x):
            return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight
    return nn.Sequential(nn.Linear(4, 6), RmsNorm(6), nn.ReLU(), nn.Linear(6, 3)), torch.randn(5, 4), classes(5, 3)


@model
def prelu():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.PReLU(4), nn.Flatten(), nn.Linear(64, 4), nn.PReLU(), nn.Linear(4, 3)), images(6, 3), classes(3, 3)


@model
def tied_frozen_buffers():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
            self.second.weight = self.first.weight
            self.frozen = nn.Linear(4, 4)
            self.frozen.weight.requires_grad_(False)
            self.scale = nn.Parameter(torch.rand(4))
            self.register_buffer("shift", torch.randn(4))

        def forward(self, x):
            x = torch.tanh(self.first(x)) * self.scale + self.shift
            return torch.sigmoid(self.frozen(x)) @ self.first.weight.t() + self.second(x)
    return Tied(), torch.randn(5, 4), classes(5, 4)


@model
def in_place_on_views():
    class Views(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 6), nn.Linear(6, 3)

        def forward(self, x):
            y = self.a(x)
            y[:, :2] *= 2
            y[:, 3].add_(1)
            z = y.tanh() * 2
            z -= 0.5
            return self.b(F.relu(z, inplace=True))
    return Views(), torch.randn(5, 4), classes(5, 3)


@model
def bert():
    class Bert(nn.Module):
        def __init__(self, vocabulary=13, width=8, length=6):
            super().__init__()
            self.words, self.places = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
            self.norm = nn.LayerNorm(width)
            layer = nn.TransformerEncoderLayer(width, 2, 16, activation="gelu", batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
            self.head = nn.Linear(width, 3)

        def forward(self, input_ids, attention_mask):
            x = self.norm(self.words(input_ids) + self.places.weight[:input_ids.shape[1]])
            x = self.encoder(x, src_key_padding_mask=attention_mask == 0)
            return self.head(torch.tanh(x[:, 0]))
    ids = torch.randint(13, (4, 6))
    mask = (torch.arange(6) < torch.tensor([[6], [4], [3], [5]])).long()
    return Bert(), {"input_ids": ids, "attention_mask": mask}, classes(4, 3)


@model
def two_inputs():
    return nn.Bilinear(4, 3, 2), (torch.randn(5, 4), torch.randn(5, 3)), torch.randn(5, 2)


class OwnLoss(nn.Module):
    """Takes the targets too, and returns the loss."""

    def __init__(self, loss):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))
        self.loss = loss

    def forward(self, x, y):
        return self.loss(self.body(x), y)


@model
def own_loss_as_a_number():
    return OwnLoss(nn.CrossEntropyLoss(torch.rand(3))), torch.randn(5, 4), torch.tensor([0, 2, -100, 1, 0]), OWN


@model
def own_loss_of_samples():
    return OwnLoss(lambda z, y: F.mse_loss(z, y, reduction="none").sum(1) * 0.5 + F.cosine_similarity(z, y)), (
        torch.randn(5, 4),), torch.randn(5, 3), OWN


def loss_of(output, targets):
    """The mean squared error, or cross-entropy, whose classes a language model has in the last dimension."""
    if targets.is_floating_point():
        return F.mse_loss
    if output.dim() > 2 and targets.shape == output.shape[:-1]:
        return lambda z, y: F.cross_entropy(z.movedim(-1, 1), y)
    return F.cross_entropy


def call(net, inputs):
    return net(**inputs) if isinstance(inputs, dict) else net(*inputs)


def expected(net, inputs, targets, own_loss):
    parameters = {n: p for n, p in net.named_parameters() if p.requires_grad}
    values = list(parameters.values())
    generator = torch.Generator().manual_seed(1)
    probe = {n: torch.randint(0, 2, p.shape, generator=generator).double() * 2 - 1 for n, p in parameters.items()}

    def gradient(of, by, **more):
        found = torch.autograd.grad(of, by, allow_unused=True, **more)
        return [torch.zeros_like(b) if f is None else f for f, b in zip(found, by)]

    output = call(net, inputs)
    loss_function = (lambda value, _: value.mean()) if own_loss else loss_of(output, targets)
    loss = loss_function(output, targets)
    gradients = gradient(loss, values, create_graph=True)
    full = gradient(sum((g * v).sum() for g, v in zip(gradients, probe.values())), values, retain_graph=True)
    blocks = {}
    names = list(parameters)
    for i in range(0, len(names), max(1, len(names) // MOST_BLOCKS)):
        if gradients[i].requires_grad:
            product, = gradient((gradients[i] * probe[names[i]]).sum(), [values[i]], retain_graph=True)
            blocks[names[i]] = float((product * probe[names[i]]).sum())

    found = {
        "loss": float(loss), "full": sum(float((h * v).sum()) for h, v in zip(full, probe.values())),
        "magnitude": sum(abs(float((h * v).sum())) for h, v in zip(full, probe.values())), "blocks": blocks,
    }
    if own_loss:
        return probe, found
    u = torch.zeros_like(output, requires_grad=True)
    pulled = gradient(output, values, grad_outputs=u, create_graph=True)
    tangent, = torch.autograd.grad(sum((w * v).sum() for w, v in zip(pulled, probe.values())), u)
    point = output.detach().requires_grad_()
    slope, = torch.autograd.grad(loss_function(point, targets), point, create_graph=True)
    bent, = torch.autograd.grad((slope * tangent).sum(), point)
    return probe, {**found, "ggn": float((bent * tangent).sum())}


def double(value):
    return value.double() if value.is_floating_point() else value


def write(name, folder, with_expected):
    torch.manual_seed(0)
    net, inputs, targets, *loss = MODELS[name]()
    net.eval()
    for module in net.modules():
        if hasattr(module, "running_var") and module.running_var is not None:
            module.running_mean.copy_(torch.randn(module.running_mean.shape).mul(0.1))
            module.running_var.copy_(torch.rand(module.running_var.shape).add(0.5))
    export_graph(net, inputs, targets, folder, *loss)
    with open(os.path.join(folder, "parameters.json"), "w") as file:
        json.dump([name for name, p in net.named_parameters() if p.requires_grad], file)
    if not with_expected:
        return
    # Numbers that float32 holds, computed with in float64.
    net = net.double()
    if isinstance(inputs, torch.Tensor):
        inputs = inputs,
    targets = double(targets)
    inputs = {key: double(x) for key, x in inputs.items()} if isinstance(inputs, dict) else tuple(map(double, inputs))
    if loss:
        inputs += targets,
    for module in list(net.modules()):
        for key, child in module.named_children():
            if isinstance(child, nn.Hardsigmoid):
                setattr(module, key, Hardsigmoid())
            if hasattr(child, "weight_g"):
                setattr(module, key, WeightNorm(child))
            if isinstance(child, nn.EmbeddingBag):
                setattr(module, key, Bag(child))
    probe, values = expected(net, inputs, targets, bool(loss))
    write_safetensors(os.path.join(folder, "probe.safetensors"), {n: v.half() for n, v in probe.items()})
    with open(os.path.join(folder, "expected.json"), "w") as file:
        json.dump(values, file)


def main():
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    out, names = sys.argv[2], [name for name in sys.argv[3:] if name != "--files"] or list(MODELS)
    for name in names:
        write(name, os.path.join(out, name), "--files" not in sys.argv)
        print(name, flush=True)


if __name__ == "__main__":
    main()
