namespace ActorHutch.Curvature.Probes;

/// <summary>Where the random numbers of a probe enter.</summary>
public enum ProbeSpace
{
    /// <summary>One number per parameter, shared by all samples.</summary>
    Parameter,

    /// <summary>
    /// Independent numbers for each sample, drawn where a parameter acts: the trace is a sum over samples, and
    /// what a layer's input contributes is integrated out exactly.
    /// </summary>
    Output,

    /// <summary>
    /// Independent numbers for each sample, drawn where the model's prediction enters the loss: the trace of the GGN, of all
    /// blocks in one pass backward. For the Hessian, numbers drawn where parameters act add the model's own curvature.
    /// </summary>
    Prediction,
}

/// <summary>What a probe's entries are.</summary>
public enum ProbeDistribution
{
    /// <summary>±1 with probability ½ each: the smallest variance of all distributions with E[vvᵀ] = I.</summary>
    Rademacher,

    /// <summary>Standard normal.</summary>
    Gaussian,

    /// <summary>Probe i is the basis vector eᵢ: not random, and the quadratic forms' sum is the exact trace.</summary>
    Basis,
}
