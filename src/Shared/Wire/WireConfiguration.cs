using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Messages;
using Akka.Configuration;
using Akka.Dispatch.SysMsg;
using Akka.Remote.Serialization;
using Akka.Streams;

namespace ActorHutch.Shared.Wire;

/// <summary>The settings of everything that travels between processes, for every actor system that has a port.</summary>
public static class WireConfiguration
{
    /// <summary>
    /// Actors that a peer may address by their path. All others can only be answered by whom they told of themselves.
    /// </summary>
    public static IReadOnlyList<string> TrustedPaths { get; } =
    [
        "/system/cluster/core/daemon",
        "/system/cluster/heartbeatReceiver",
        CoordinatorAddress.Path,
        BlobActor.Path,
    ];

    /// <summary>
    /// The settings. Messages of the protocol travel as protobuf; Akka's own cluster, death watch and stream references
    /// as Akka writes them; nothing else travels.
    /// </summary>
    /// <remarks>
    /// Four of Akka's serializers make objects of types that a peer names, and are denied by their numbers: 1 JSON, 2 any
    /// protobuf, 3 remote deployment, 36 reliable delivery, which holds any of the others. Two more, 16 and 22, do so for
    /// the exceptions in some of their messages, and are narrowed to what a cluster needs.
    /// <c>allow-unregistered-types</c> alone would stop what is sent, not what comes in.
    /// </remarks>
    public static Config Configuration { get; } = ConfigurationFactory.ParseString($$"""
        akka {
          actor {
            serializers {
              actorhutch = "{{NameOf<ProtocolSerializer>()}}"
              json = "{{NameOf<DeniedSerializer>()}}"
              proto = "{{NameOf<DeniedSerializer>()}}"
              daemon-create = "{{NameOf<DeniedSerializer>()}}"
              reliable-delivery = "{{NameOf<DeniedSerializer>()}}"
              akka-misc = "{{NameOf<NarrowedSerializer>()}}"
              akka-system-msg = "{{NameOf<NarrowedSerializer>()}}"
            }
            serialization-bindings {
              "{{NameOf<IProtocolMessage>()}}" = actorhutch
            }
            serialization-settings {
              allow-unregistered-types = false
              json.identifier = 1
              proto.identifier = 2
              daemon-create.identifier = 3
              reliable-delivery.identifier = 36
              akka-misc {
                serializer = "{{NameOf<MiscMessageSerializer>()}}"
                # Identify, ActorIdentity, and death watch's heartbeats
                manifests = [ID, AID, RWHB, RWHR]
              }
              akka-system-msg {
                serializer = "{{NameOf<SystemMessageSerializer>()}}"
                manifests = ["{{NameOf<Watch>()}}", "{{NameOf<Unwatch>()}}", "{{NameOf<DeathWatchNotification>()}}"]
              }
            }
          }
          remote {
            untrusted-mode = on
            trusted-selection-paths = [{{string.Join(", ", TrustedPaths.Select(path => $"\"{path}\""))}}]
            dot-netty.tcp.maximum-frame-size = {{WireFrame.MaxFrameBytes}}b
          }
        }
        """).WithFallback(ActorMaterializer.DefaultConfig());

    private static string NameOf<T>() => $"{typeof(T).FullName}, {typeof(T).Assembly.GetName().Name}";
}
