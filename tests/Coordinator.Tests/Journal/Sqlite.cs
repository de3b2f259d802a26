using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace ActorHutch.Coordinator.Tests.Journal;

/// <summary>A look into a journal, past everything that is being tested.</summary>
internal static class Sqlite
{
    [SuppressMessage("Security", "CA2100:Review SQL queries", Justification = "Constants of the tests.")]
    public static object? Execute(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
