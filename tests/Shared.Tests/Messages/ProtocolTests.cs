using System.Reflection;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using Akka.Actor;

namespace ActorHutch.Shared.Tests.Messages;

public class ProtocolTests
{
    public static TheoryData<Type> Messages { get; } = [.. typeof(IProtocolMessage).Assembly.GetTypes()
        .Where(type => type.IsClass && type.IsAssignableTo(typeof(IProtocolMessage)))];

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_is_a_sealed_record_that_says_which_way_it_goes(Type message)
    {
        Assert.True(message.IsSealed);
        Assert.NotNull(message.GetMethod("<Clone>$"));
        bool toCoordinator = message.IsAssignableTo(typeof(IWorkerMessage)), toWorker = message.IsAssignableTo(typeof(ICoordinatorMessage));
        // Either side has blobs that the other asks for.
        Assert.True(message == typeof(RequestBlob) || message == typeof(BlobUnknown) ? toCoordinator && toWorker : toCoordinator != toWorker);
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_holds_plain_data_alone(Type message) => AssertPlain(message, []);

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_about_a_job_names_the_run(Type message)
    {
        Type[] ofWorkers =
            [typeof(RegisterWorker), typeof(WorkerAccepted), typeof(RegisterAgain), typeof(WorkerStatus), typeof(Dismiss),
             typeof(WorkerRefused), typeof(RequestBlob), typeof(BlobUnknown)];
        bool aboutWorkers = ofWorkers.Contains(message);

        Assert.Equal(!aboutWorkers, message.IsAssignableTo(typeof(IJobMessage)));
    }

    [Fact]
    public void Replicas_agree_when_they_hold_and_compute_the_same()
    {
        var ready = new ReplicaReady(
            Guid.Empty, new ReplicaDescription("m", "00", 3, 2), CurvatureMethod.Hmp, "asked for", ["a", "b"], 5, 1.5);

        Assert.True(ready.Agrees(ready with { WarmUpSeconds = 9, MethodReason = "other words", Blocks = ["a", "b"] }));
        Assert.True(ready.Agrees(ready with { Model = ready.Model with { Loss = new LossDescription("mse", "mean", "asked for") } }));
        Assert.False(ready.Agrees(ready with { Model = ready.Model with { Sha256 = "01" } }));
        Assert.False(ready.Agrees(ready with { Method = CurvatureMethod.Autodiff }));
        Assert.False(ready.Agrees(ready with { Blocks = ["a"] }));
        Assert.False(ready.Agrees(ready with { BasisCount = 6 }));
        Assert.Equal(1, (ready with { Blocks = [] }).Columns);
    }

    private static void AssertPlain(Type type, HashSet<Type> seen)
    {
        if (!seen.Add(type) || type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(Guid)) return;

        Assert.False(type.IsAssignableTo(typeof(Delegate)), $"{type} is code.");
        Assert.False(type.IsAssignableTo(typeof(IActorRef)), $"{type} is an actor.");
        Assert.False(type == typeof(object), "An object can be anything.");
        if (type.IsArray || type.IsGenericType)
        {
            foreach (var part in type.IsArray ? [type.GetElementType()!] : type.GetGenericArguments()) AssertPlain(part, seen);
            return;
        }

        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public))
            AssertPlain(field.FieldType, seen);
    }
}
