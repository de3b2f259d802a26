namespace ActorHutch.Curvature.Eigenvalues;

/// <summary>
/// What knows a symmetric matrix by its products alone: who has the matrix asks for <see cref="Next"/>, and brings the products to
/// <see cref="Take"/>, until <see cref="IsDone"/>.
/// </summary>
internal interface IProductMethod
{
    /// <summary>The next vectors to be multiplied, as many as are multiplied at once; null where any will do.</summary>
    IReadOnlyList<double[]?> Next { get; }

    /// <summary>How many products there were.</summary>
    long Products { get; }

    /// <summary>Whether all is known, as far as it will be.</summary>
    bool IsDone { get; }

    /// <summary>Takes the products of <see cref="Next"/>, which are the method's from then on.</summary>
    void Take(IReadOnlyList<double[]> products);
}
