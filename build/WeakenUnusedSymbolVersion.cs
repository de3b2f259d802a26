using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Copies an ELF library and marks one symbol version that it asks for as weak, so that a system whose
/// libstdc++ lacks that version can still load it.
/// </summary>
/// <remarks>
/// The GNU loader refuses a library that needs a version which is not there, even where no symbol is bound to it,
/// unless the entry carries VER_FLG_WEAK (LSB core specification, "Symbol Versioning"). The task changes that one
/// flag, and only if <see cref="Symbol"/> is the version's one user: any other library is copied as it is.
/// </remarks>
public sealed class WeakenUnusedSymbolVersion : Task
{
    private const int VersionNeeded = 0x6ffffffe;
    private const int VersionOfSymbol = 0x6fffffff;
    private const int DynamicSymbols = 11;
    private const ushort WeakFlag = 2;

    /// <summary>The library as it came.</summary>
    [Required]
    public string Input { get; set; }

    /// <summary>Where the copy goes.</summary>
    [Required]
    public string Output { get; set; }

    /// <summary>The version's name, such as GLIBCXX_3.4.32.</summary>
    [Required]
    public string Version { get; set; }

    /// <summary>The one symbol that may use the version.</summary>
    [Required]
    public string Symbol { get; set; }

    private byte[] _file;

    public override bool Execute()
    {
        _file = File.ReadAllBytes(Input);
        var isElf64LittleEndian = _file.Length > 64 && _file[0] == 0x7f && _file[1] == 'E' && _file[2] == 'L'
            && _file[3] == 'F' && _file[4] == 2 && _file[5] == 1;
        if (isElf64LittleEndian) Weaken();

        Directory.CreateDirectory(Path.GetDirectoryName(Output));
        // The old copy may be one hard link of several: replace it, never write through it.
        File.Delete(Output);
        File.WriteAllBytes(Output, _file);
        return !Log.HasLoggedErrors;
    }

    private void Weaken()
    {
        var sections = Sections().ToList();
        var needed = sections.Where(s => s.Type == VersionNeeded).ToList();
        var versions = sections.Where(s => s.Type == VersionOfSymbol).ToList();
        var symbols = sections.Where(s => s.Type == DynamicSymbols).ToList();
        if (needed.Count != 1 || versions.Count != 1 || symbols.Count != 1) return;

        var strings = sections[needed[0].Link];
        foreach (var entry in NeededVersions(needed[0]))
        {
            if (Text(strings, UInt32(entry + 8)) != Version) continue;

            var index = UInt16(entry + 6);
            var users = new List<string>();
            for (int i = 0; i < versions[0].Size / 2; i++)
            {
                if ((UInt16(versions[0].Offset + 2 * i) & 0x7fff) == index)
                    users.Add(Text(strings, UInt32(symbols[0].Offset + 24 * i)));
            }

            if (users.Any(user => user != Symbol))
            {
                Log.LogMessage(MessageImportance.Normal, "{0} really uses {1} ({2}): left as it is.",
                    Input, Version, string.Join(", ", users.Where(user => user != Symbol)));
                return;
            }

            var flags = BitConverter.GetBytes((ushort)(UInt16(entry + 4) | WeakFlag));
            _file[entry + 4] = flags[0];
            _file[entry + 5] = flags[1];
            Log.LogMessage(MessageImportance.Normal, "{0}: {1} is weak in this copy.", Output, Version);
        }
    }

    /// <summary>Offsets of the Elf64_Vernaux entries, across the linked list of Elf64_Verneed.</summary>
    private IEnumerable<int> NeededVersions(Section needed)
    {
        for (int file = needed.Offset, left = needed.Info; left > 0; left--)
        {
            int entry = file + (int)UInt32(file + 8);
            for (int count = UInt16(file + 2); count > 0; count--)
            {
                yield return entry;
                entry += (int)UInt32(entry + 12);
            }

            file += (int)UInt32(file + 12);
        }
    }

    private IEnumerable<Section> Sections()
    {
        int table = (int)BitConverter.ToUInt64(_file, 40);
        int size = UInt16(58);
        int count = UInt16(60);
        for (int i = 0; i < count; i++)
        {
            int header = table + size * i;
            yield return new Section
            {
                Type = (int)UInt32(header + 4),
                Offset = (int)BitConverter.ToUInt64(_file, header + 24),
                Size = (int)BitConverter.ToUInt64(_file, header + 32),
                Link = (int)UInt32(header + 40),
                Info = (int)UInt32(header + 44),
            };
        }
    }

    private string Text(Section strings, uint offset)
    {
        int start = strings.Offset + (int)offset;
        return Encoding.ASCII.GetString(_file, start, Array.IndexOf(_file, (byte)0, start) - start);
    }

    private ushort UInt16(int offset) => BitConverter.ToUInt16(_file, offset);

    private uint UInt32(int offset) => BitConverter.ToUInt32(_file, offset);

    private struct Section
    {
        public int Type, Offset, Size, Link, Info;
    }
}
