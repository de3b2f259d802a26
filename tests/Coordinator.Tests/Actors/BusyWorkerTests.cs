using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Actors;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using Akka.Actor;
using Akka.Streams;
using Akka.TestKit.Xunit;

namespace ActorHutch.Coordinator.Tests.Actors;

/// <summary>A worker that takes its time to come to a replica is there all the while, and is not asked twice.</summary>
public sealed class BusyWorkerTests() : TestKit(ActorHutchSystem.Configuration.WithFallback(ActorMaterializer.DefaultConfig()))
{
    private const int MaxSilence = 2;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("actorhutch-").FullName;

    [Theory, InlineData("hashing a file"), InlineData("making a replica"), InlineData("checking the loss"), InlineData("making a form"), InlineData("warming up")]
    public async Task Whatever_takes_long_it_is_not_given_up_and_not_prepared_again(string where)
    {
        using var busy = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        int hashed = 0, checks = 0;
        void Block(string here)
        {
            if (here != where || busy.IsSet) return;
            busy.Set();
            goOn.Wait(CancellationToken.None);
        }

        byte[] content = [1, 2, 3];
        var data = new InputFile("data.npz", BlobId.Of(content), content.Length);
        await File.WriteAllBytesAsync(Path.Combine(_folder, data.Id.ToString()!), content, TestContext.Current.CancellationToken);
        var factory = new FakeReplicaFactory
        {
            OnCreate = _ => Block("making a replica"),
            OnCheck = () =>
            {
                checks++;
                Block("checking the loss");
            },
            OnForm = _ => Block("making a form"),
            OnEvaluate = (_, _, _) => Block("warming up"),
        };
        var coordinator = Sys.ActorOf(CoordinatorActor.Props(), CoordinatorAddress.Name);
        Sys.ActorOf(WorkerActor.Props(
            new WorkerSettings("a", "cpu")
            {
                // Long beside the time that a message takes, or the worker would be heard of before it has heard of the job.
                StatusInterval = TimeSpan.FromMilliseconds(250),
                Cache = new BlobCache(_folder)
                {
                    Hash = path =>
                    {
                        hashed++;
                        Block("hashing a file");
                        return HashedFile.Open(path);
                    },
                },
            },
            factory));
        var spec = new JobSpec { Probes = 20, VBatch = 10, Risk = new RiskSource { Data = data } };
        var result = new JobClient(Sys, coordinator).RunAsync(spec, new JobPolicy { MaxSilence = MaxSilence });
        busy.Wait(TestContext.Current.CancellationToken);

        // As if many intervals went by in which the worker should have been heard of. Each time it is heard of.
        for (int i = 0; i < 3 * MaxSilence; i++)
        {
            coordinator.Tell(new IntervalPassed());
            await AwaitAssertAsync(
                async () =>
                {
                    var worker = Assert.Single((await coordinator.Ask<JobLook>(new LookAtJob(), Patience)).State!.Workers).Value;
                    Assert.Equal((WorkerPhase.Preparing, 0), (worker.Phase, worker.Silence));
                    Assert.NotEmpty(worker.Step);
                },
                Patience, TimeSpan.FromMilliseconds(20));
        }

        goOn.Set();
        var ended = await result.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.True(ended.Succeeded);
        // The loss is checked each time that it is asked to prepare.
        Assert.Equal((1, 1), (hashed, checks));
        Assert.Single(factory.Created, replica => replica.Key.Dtype == spec.Dtype);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(_folder, recursive: true);
    }
}
