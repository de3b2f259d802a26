using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Tests.Jobs;

public class ChoiceTests
{
    [Fact]
    public void Words_are_the_values_names_in_lower_case() =>
        Assert.Equal(["autodiff", "hmp", "quadratic"], Choices.Method.Words);

    [Fact]
    public void What_is_right_lists_them() => Assert.Equal("must be autodiff, hmp or quadratic", Choices.Method.Right);

    [Theory]
    [InlineData("ggn")]
    [InlineData("GGN")]
    public void Case_does_not_matter(string word)
    {
        Assert.True(Choices.Matrix.TryParse(word, out var matrix));
        Assert.Equal(CurvatureMatrix.Ggn, matrix);
    }

    [Theory]
    [InlineData("fisher")]
    [InlineData("")]
    [InlineData("1")]
    [InlineData(null)]
    public void Other_words_and_numbers_are_not_taken(string? word) => Assert.False(Choices.Matrix.TryParse(word, out _));

    [Fact]
    public void Basis_vectors_are_no_random_distribution()
    {
        Assert.False(Choices.Distribution.TryParse("basis", out _));
        Assert.False(Choices.Distribution.Offers(ProbeDistribution.Basis));
    }
}
