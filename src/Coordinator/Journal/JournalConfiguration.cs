using System.Text.Encodings.Web;
using System.Text.Json;
using Akka.Configuration;
using Akka.Persistence.Sql;

namespace ActorHutch.Coordinator.Journal;

/// <summary>The settings of an actor system with a journal.</summary>
internal static class JournalConfiguration
{
    /// <summary>The settings for a journal in the given SQLite database.</summary>
    public static Config Of(string connectionString) => ConfigurationFactory.ParseString($$"""
        akka {
          # The default makes a folder where the process was started, which may not be writable.
          persistence.snapshot-store.plugin = "akka.persistence.no-snapshot-store"
          persistence.journal {
            plugin = "akka.persistence.journal.sql"
            sql {
              connection-string = {{Quoted(connectionString)}}
              provider-name = "SQLite.MS"
              auto-initialize = on
              # A machine may sleep, or its disk be busy, while the journal is read; the default of 30 s would give it up.
              recovery-event-timeout = 10m
              # One job at a time, and SQLite has one writer.
              parallelism = 1
            }
          }
          actor {
            serializers.actorhutch-journal = "{{typeof(JournalSerializer).AssemblyQualifiedName}}"
            serialization-bindings {
              "{{typeof(IJournalEvent).AssemblyQualifiedName}}" = actorhutch-journal
            }
          }
        }
        """).WithFallback(SqlPersistence.DefaultConfiguration);

    private static string Quoted(string text) => JsonSerializer.Serialize(text, Plain);

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
