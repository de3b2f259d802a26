using static TorchSharp.torch;

namespace ActorHutch.Curvature.Risks;

/// <summary>
/// Makes a model of one's own; data and loss come from the job. Implemented by a public class with a constructor without
/// parameters.
/// </summary>
public interface IModelFactory
{
    /// <summary>Makes the model, in evaluation mode. Equal calls must give equal weights, on every machine.</summary>
    /// <param name="dtype">float32 or float64.</param>
    /// <param name="device">Where its parameters are to be.</param>
    /// <returns>The model, the caller's to dispose.</returns>
    nn.Module<Tensor, Tensor> CreateModel(ScalarType dtype, Device device);
}

/// <summary>
/// Makes model, loss and batch. Implemented by a public class with a constructor without parameters.
/// </summary>
public interface IRiskFactory
{
    /// <summary>Makes the risk. Equal calls must give equal risks, on every machine.</summary>
    /// <param name="dtype">float32 or float64.</param>
    /// <param name="device">Where model and batch are to be.</param>
    /// <returns>The risk; its model, inputs and targets are the caller's to dispose.</returns>
    EmpiricalRisk CreateRisk(ScalarType dtype, Device device);
}
