using Akka.Actor;

namespace ActorHutch.Shared.Actors;

/// <summary>How actors are made, by code that is compiled already: <c>Props.Create</c> takes an expression, and interprets or compiles it.</summary>
public static class ActorProps
{
    /// <summary>What makes an actor.</summary>
    /// <param name="make">Makes a new one each time.</param>
    public static Props Of<T>(Func<T> make) where T : ActorBase => Props.CreateBy(new Producer<T>(make));

    private sealed class Producer<T>(Func<T> make) : IIndirectActorProducer
        where T : ActorBase
    {
        public Type ActorType => typeof(T);

        public ActorBase Produce() => make();

        public void Release(ActorBase actor)
        {
            // Nothing of it is kept.
        }
    }
}
