using System.Globalization;
using Microsoft.Data.Sqlite;

namespace ActorHutch.Coordinator.Journal;

/// <summary>The SQLite database that the journal is written to; Akka's persistence fills it.</summary>
internal sealed class JournalDatabase(string path)
{
    /// <summary>The form of what is in it; a program that knows another one says so and leaves it alone.</summary>
    private const long Version = 2;

    public bool Exists => File.Exists(path);

    public string ConnectionString =>
        new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString();

    /// <summary>Makes it, empty.</summary>
    public void Create() => Query(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {Version}"));

    /// <summary>Checks that it can be read, all of it.</summary>
    public void Check(Func<string, Exception> damaged)
    {
        Guarded(damaged, () =>
        {
            string found = Query("PRAGMA quick_check(1)");
            if (found != "ok") throw damaged($"SQLite reports for journal.db: {found}");
            string version = Query("PRAGMA user_version");
            if (version != Version.ToString(CultureInfo.InvariantCulture))
                throw damaged($"journal.db is of version {version}, and this program writes version {Version}");
        });
    }

    /// <summary>Checks that nothing is in it: a process may have ended between making it and naming its job.</summary>
    public void CheckUnused(Func<string, Exception> damaged) => Guarded(damaged, () =>
    {
        if (Query("SELECT COUNT(*) FROM sqlite_master") != "0")
            throw damaged("it has a journal.db, but no job.json that describes the job");
    });

    private static void Guarded(Func<string, Exception> damaged, Action check)
    {
        try
        {
            check();
        }
        catch (SqliteException error)
        {
            throw damaged($"journal.db cannot be read: {error.Message}");
        }
    }

    private string Query(string sql)
    {
        using var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this class alone.
        command.CommandText = sql;
#pragma warning restore CA2100
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture) ?? "";
    }
}
