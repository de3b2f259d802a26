namespace ActorHutch.Kubernetes.Tests.Pods;

/// <summary>Starts a command as a container's process; <c>pod.sh</c> tells how.</summary>
internal static class Container
{
    /// <summary>Skips the test where that cannot be done.</summary>
    public static void NeedOrSkip()
    {
        Tool.NeedOrSkip("unshare", "setpriv", "chroot");
        if (Environment.UserName != "root") Assert.Skip("To make namespaces takes root.");
    }

    /// <summary>The words of the command that does it.</summary>
    /// <param name="root">An empty folder.</param>
    /// <param name="files">What its root file system holds: an image's files, or <c>/</c>.</param>
    /// <param name="host">Its host name.</param>
    /// <param name="user">The number of its user and group.</param>
    /// <param name="volumes"><c>FOLDER:MOUNTPOINT:rw</c> or <c>ro</c>.</param>
    /// <param name="environment"><c>NAME=VALUE</c>; there are no other variables.</param>
    /// <param name="command">The program and its arguments.</param>
    public static string[] Start(
        string root, string files, string host, string user, IEnumerable<string> volumes, IEnumerable<string> environment,
        IEnumerable<string> command) =>
    [
        "unshare", "--uts", "--mount", "env", "-i", .. environment,
        "sh", Repository.PathOf("tests/Kubernetes.Tests/Pods/pod.sh"), root, files, host, user, .. volumes, "--", .. command,
    ];
}
