using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Models;

/// <summary>The tensors of a TorchScript module, after their conversion.</summary>
/// <param name="Parameters">Its parameters, in their order, one that has several names under the first.</param>
/// <param name="Buffers">Its buffers.</param>
internal sealed record TorchScriptTensors(
    IReadOnlyList<(string Name, Parameter Value)> Parameters, IReadOnlyList<(string Name, Tensor Value)> Buffers)
{
    /// <summary>
    /// What libtorch itself calls floating-point or complex, so that no number type is forgotten; and which tensors are
    /// one and the same.
    /// </summary>
    private static readonly Lazy<jit.CompilationUnit> Script = new(() => jit.compile("""
        def converted(tensor: Tensor, real: Tensor, complex: Tensor) -> Tensor:
            if tensor.is_complex():
                return tensor.to(complex)
            if tensor.is_floating_point():
                return tensor.to(real)
            return tensor.to(real.device)

        def take(tensor: Tensor, value: Tensor) -> Tensor:
            torch.set_data(tensor, value)
            return tensor

        def first_places(tensors: List[Tensor]) -> Tensor:
            places: List[int] = []
            for i in range(len(tensors)):
                place = i
                for j in range(i):
                    if place == i and tensors[j] is tensors[i]:
                        place = j
                places.append(place)
            return torch.tensor(places)

        """));

    /// <summary>
    /// Converts every tensor that a module and its children hold: parameters, buffers, and what is neither. Floating-point
    /// ones get a precision, complex ones the complex type of that precision; all others stay what they are.
    /// </summary>
    /// <remarks>
    /// <c>ScriptModule.to</c> would convert all of them to the one type: integers, which then index nothing any more, and
    /// complex numbers, which lose their imaginary part.
    /// <para>
    /// A trainable complex parameter z is kept as the real tensor <c>[…, 2]</c> of its parts, of which the module sees z as
    /// a view: derivatives are those by the parts, as in torch.view_as_real.
    /// </para>
    /// </remarks>
    /// <param name="script">The module.</param>
    /// <param name="precision">float32 or float64.</param>
    /// <param name="device">Where its tensors are to be.</param>
    /// <returns>What the caller disposes of, whatever scope it is in.</returns>
    public static TorchScriptTensors Convert(jit.ScriptModule script, ScalarType precision, Device device)
    {
        var slots = Slots(script).ToArray();
        int[] first = FirstPlaces([.. slots.Select(slot => slot.Value)]);
        var trainable = script.named_parameters().Where(p => p.parameter.requires_grad).Select(p => p.name).ToHashSet(StringComparer.Ordinal);

        using var real = empty(0, precision, device);
        using var complex = empty(0, precision == ScalarType.Float64 ? ScalarType.ComplexFloat64 : ScalarType.ComplexFloat32, device);
        // The tensors that derivatives are taken by, or that stay, by the slot that is the first to hold them.
        var kept = new Dictionary<int, Tensor>();
        foreach (var sharing in Enumerable.Range(0, slots.Length).GroupBy(place => first[place]))
        {
            bool isTrainable = sharing.Any(place => trainable.Contains(slots[place].Name));
            var (value, seen) = Converted(slots[sharing.Key].Value, isTrainable, real, complex);
            kept[sharing.Key] = value;
            foreach (int place in sharing) slots[place].Owner.set_attribute(slots[place].Attribute, seen);
        }

        var places = Enumerable.Range(0, slots.Length).ToDictionary(place => slots[place].Name, place => first[place], StringComparer.Ordinal);
        return new TorchScriptTensors(
            [
                .. script.named_parameters().Select(p => (p.name, Place: places[p.name])).DistinctBy(p => p.Place)
                    .Select(p => (p.name, new Parameter(kept[p.Place].alias().DetachFromDisposeScope(), kept[p.Place].requires_grad))),
            ],
            [.. script.named_buffers().Select(b => (b.name, kept[places[b.name]].alias().DetachFromDisposeScope()))]);
    }

    /// <summary>What derivatives are taken by, and what the module sees of it.</summary>
    private static (Tensor Kept, Tensor Seen) Converted(Tensor tensor, bool isTrainable, Tensor real, Tensor complex)
    {
        Tensor converted;
        using (no_grad()) converted = (Tensor)Script.Value.invoke("converted", tensor, real, complex)!;
        if (!isTrainable) return (converted, converted);
        if (!converted.is_complex())
        {
            // In place: a module may hold its parameters a second time, in a list, as LSTM and GRU do.
            using var noGrad = no_grad();
            Script.Value.invoke("take", tensor, converted.detach());
            return (tensor, tensor);
        }

        using var grad = enable_grad();
        var parts = converted.detach().view_as_real().requires_grad_();
        return (parts, parts.view_as_complex());
    }

    private static IEnumerable<Slot> Slots(jit.ScriptModule script)
    {
        var modules = script.named_modules().Select(m => (Prefix: m.name + ".", Module: (jit.ScriptModule)m.module));
        foreach (var (prefix, module) in modules.Prepend((Prefix: "", Module: script)))
        {
            // What is no tensor has no name here.
            foreach (var (name, value) in module.named_attributes(recurse: false))
            {
                if (!string.IsNullOrEmpty(name) && !value.IsInvalid) yield return new Slot(module, name, prefix + name, value);
            }
        }
    }

    /// <summary>For each tensor the place of the first that is the same.</summary>
    private static int[] FirstPlaces(Tensor[] tensors)
    {
        int[] first = [.. Enumerable.Range(0, tensors.Length)];
        // Only those that look alike are compared, each with all others.
        foreach (var alike in first.GroupBy(place => $"{tensors[place].dtype} {string.Join(' ', tensors[place].shape)}").Select(g => g.ToArray()))
        {
            if (alike.Length == 1) continue;
            using var places = (Tensor)Script.Value.invoke("first_places", (object)alike.Select(place => tensors[place]).ToArray())!;
            foreach (var (place, found) in alike.Zip(places.data<long>().ToArray())) first[place] = alike[found];
        }

        return first;
    }

    /// <summary>A place in a module that holds a tensor.</summary>
    private sealed record Slot(jit.ScriptModule Owner, string Attribute, string Name, Tensor Value);
}
