using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using k8s;
using k8s.Models;

namespace ActorHutch.Kubernetes.Tests;

/// <summary>
/// As much of an API server as kubectl needs to find Jobs and pods, read a pod's log and run a command in it: so that the
/// page's commands are tried as they stand.
/// </summary>
internal sealed class ApiServer : IDisposable
{
    // What kubectl asks for first: the channels of a command's streams over one WebSocket.
    private const string Channels = "v5.channel.k8s.io";
    private const byte Output = 1, Status = 3;

    private readonly HttpListener _listener = new();
    private readonly string _home = Directory.CreateTempSubdirectory("actorhutch-kubectl-").FullName;
    private readonly Task _serving;

    public ApiServer()
    {
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            Address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}");
        }

        _listener.Prefixes.Add(Address + "/");
        _listener.Start();
        _serving = ServeAsync();
    }

    /// <summary>Where it is.</summary>
    public string Address { get; }

    /// <summary>The Jobs that there are.</summary>
    public IList<V1Job> Jobs { get; } = [];

    /// <summary>The pods that there are.</summary>
    public IList<V1Pod> Pods { get; } = [];

    /// <summary>What a pod's log holds, by its name.</summary>
    public Dictionary<string, string> Logs { get; } = [];

    /// <summary>Runs a command in a pod and returns what it wrote.</summary>
    public Func<V1Pod, IReadOnlyList<string>, byte[]> Execute { get; set; } = (pod, _) => throw new InvalidOperationException($"{pod.Metadata.Name} runs no commands.");

    /// <summary>What was asked for: the paths.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    /// <summary>Has a shell run a command line that begins with kubectl, in a folder; returns what it wrote.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public string Run(string folder, string command)
    {
        Assert.StartsWith("kubectl ", command, StringComparison.Ordinal);
        return Tool.RunIn(
            folder, "sh", ["-c", $"kubectl --server {Address} {command["kubectl ".Length..]}"],
            new Dictionary<string, string> { ["HOME"] = _home, ["KUBECONFIG"] = "/dev/null" });
    }

    public void Dispose()
    {
        _listener.Close();
        _serving.Wait();
        Directory.Delete(_home, recursive: true);
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception end) when (end is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _ = Task.Run(() => AnswerAsync(context));
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        string path = context.Request.Url!.AbsolutePath;
        Asked.Enqueue(path);
        const string OfPods = "/api/v1/namespaces/default/pods", OfJobs = "/apis/batch/v1/namespaces/default/jobs";
        string name = path.StartsWith(OfPods + "/", StringComparison.Ordinal) ? path[(OfPods.Length + 1)..].Split('/')[0] : "";
        var pod = Pods.FirstOrDefault(pod => pod.Metadata.Name == name);
        if (path == $"{OfPods}/{name}/exec" && pod is not null && context.Request.IsWebSocketRequest)
        {
            await ExecuteAsync(context, pod);
            return;
        }

        string? answer = path switch
        {
            "/api" => """{"kind":"APIVersions","versions":["v1"]}""",
            "/apis" => """{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"batch","versions":[{"groupVersion":"batch/v1","version":"v1"}]}]}""",
            "/api/v1" => Resources("v1", "pod", "Pod"),
            "/apis/batch/v1" => Resources("batch/v1", "job", "Job"),
            OfPods => KubernetesJson.Serialize(new V1PodList { ApiVersion = "v1", Kind = "PodList", Metadata = new(), Items = [.. Pods.Where(pod => IsAskedFor(context, pod))] }),
            _ when path.StartsWith(OfJobs + "/", StringComparison.Ordinal) && Jobs.FirstOrDefault(job => path == $"{OfJobs}/{job.Metadata.Name}") is { } job =>
                KubernetesJson.Serialize(job),
            _ when pod is not null && path == $"{OfPods}/{name}" => KubernetesJson.Serialize(pod),
            _ when pod is not null && path == $"{OfPods}/{name}/log" => Logs[name],
            _ => null,
        };
        context.Response.StatusCode = answer is null ? 404 : 200;
        context.Response.ContentType = path.EndsWith("/log", StringComparison.Ordinal) ? "text/plain" : "application/json";
        context.Response.Close(Encoding.UTF8.GetBytes(answer ?? "{}"), willBlock: true);
    }

    /// <summary>Whether a pod is among those that a list's selectors ask for.</summary>
    private static bool IsAskedFor(HttpListenerContext context, V1Pod pod)
    {
        string labels = context.Request.QueryString["labelSelector"] ?? "", fields = context.Request.QueryString["fieldSelector"] ?? "";
        return labels.Split(',', StringSplitOptions.RemoveEmptyEntries).All(one => pod.Metadata.Labels.TryGetValue(one.Split('=')[0], out string? value) && value == one.Split('=')[1])
            && (fields.Length == 0 || fields == $"metadata.name={pod.Metadata.Name}");
    }

    private static string Resources(string group, string name, string kind) => JsonSerializer.Serialize(new
    {
        kind = "APIResourceList",
        apiVersion = "v1",
        groupVersion = group,
        resources = new[] { new { name = name + "s", singularName = name, namespaced = true, kind, verbs = new[] { "get", "list", "watch" } } },
    });

    private async Task ExecuteAsync(HttpListenerContext context, V1Pod pod)
    {
        var socket = (await context.AcceptWebSocketAsync(Channels)).WebSocket;
        string status = """{"metadata":{},"status":"Success"}""";
        try
        {
            byte[] written = Execute(pod, context.Request.QueryString.GetValues("command") ?? []);
            await SendAsync(Output, written);
        }
        catch (InvalidOperationException problem)
        {
            status = JsonSerializer.Serialize(new { status = "Failure", message = problem.Message, reason = "InternalError", code = 500 });
        }

        await SendAsync(Status, Encoding.UTF8.GetBytes(status));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);

        async Task SendAsync(byte channel, byte[] bytes)
        {
            foreach (byte[] part in bytes.Chunk(16_000))
                await socket.SendAsync((byte[])[channel, .. part], WebSocketMessageType.Binary, true, CancellationToken.None);
        }
    }
}
