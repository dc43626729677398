#requires -Version 5.1
<#
.SYNOPSIS
    Copies what Tocsin reads off an Exchange server, with times and hashes. Nothing is changed.

.DESCRIPTION
    NOT RUN ON WINDOWS BY US. Read it before you run it; it is short.

    For a server without Python, KAPE or Velociraptor. Run it as an administrator. It opens files for
    reading only, shares them with whoever writes to them, and writes to the destination alone:

      C\..., D\...             the copies, one folder for each drive, with the times they had
      <time>_CopyLog.csv       what was copied: times (UTC), size, SHA-256
      <time>_SkipLog.csv       what was not: locked, vanished, no permission; and what is absent

    It cannot take the $MFT: that needs a tool that reads the raw disk.
    Then, on another machine: tocsin hunt <destination>

    Made by `make lists` from Tocsin's log formats; do not edit by hand.

.PARAMETER Destination
    A new folder on another disk or a share. Not on a disk of the server: that destroys deleted files.

.PARAMETER Drives
    The drives to look on, such as C:,D:. Without it, all fixed disks but that of the destination.

.EXAMPLE
    powershell -ExecutionPolicy Bypass -File F:\Collect-Tocsin.ps1 -Destination E:\ex01
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)][string]$Destination,
    [string[]]$Drives
)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

# Who asks for which paths: forward slashes, lower case, from any folder on.
$patterns = [ordered]@{
    'compiled' = 'temporary\ asp\.net\ files/(?:[^/]+/)*[^/]*\.compiled|temporary\ asp\.net\ files/(?:[^/]+/)*app_web_[^/]*\.dll'
    'ecp_activity' = 'logging/ecp/activity/[^/]*\.log|ecpactivity[^/]*\.log'
    'ecp_server' = 'logging/ecp/server/[^/]*\.log|ecpserver[^/]*\.log'
    'events_json' = '(?:[^/]+/)*[^/]*\.evtx\.json|(?:[^/]+/)*[^/]*\.evtx\.jsonl|(?:[^/]+/)*[^/]*_evtxecmd_output\.json|(?:[^/]+/)*windows\.eventlogs\.[^/]*\.json'
    'evtx' = '(?:[^/]+/)*[^/]*\.evtx'
    'ews' = 'logging/ews/[^/]*\.log|ews_[^/]*\.log'
    'exsetup' = 'bin/exsetup\.exe|(?:[^/]+/)*exsetup\.exe'
    'httperr' = 'system32/logfiles/httperr/[^/]*\.log|httperr/[^/]*\.log|httperr[^/]*\.log'
    'httpproxy' = 'logging/httpproxy/(?:[^/]+/)*[^/]*\.log|httpproxy_[^/]*\.log'
    'iis' = 'logfiles/w3svc[^/]*/[^/]*\.log|w3svc[^/]*/[^/]*\.log|u_ex[^/]*\.log'
    'iis_config' = 'inetsrv/config/applicationhost\.config|inetpub/history/(?:[^/]+/)*applicationhost\.config|(?:[^/]+/)*web\.config'
    'message_tracking' = 'transportroles/logs/messagetracking/[^/]*\.log|msgtrk[^/]*\.log'
    'mft' = '\$mft|[^/]*\$mft|[^/]*_mft|[^/]*\.mft'
    'msert' = 'windows/debug/msert[^/]*\.log|windows/debug/mrt[^/]*\.log|msert[^/]*\.log'
    'oab_generator' = 'logging/oabgeneratorlog/(?:[^/]+/)*[^/]*|logging/oabgeneratorsimplelog/(?:[^/]+/)*[^/]*|oabgen[^/]*\.log'
    'registry_export' = '[^/]*\.reg|[^/]*registry[^/]*\.txt'
    'registry_hive' = 'windows/system32/config/software|system32/config/regback/software'
    'rps_cmdlet' = 'logging/cmdletinfra/(?:[^/]+/)*cmdlet/[^/]*\.log|[^/]*rps_cmdlet_[^/]*\.log'
    'rps_http' = 'logging/cmdletinfra/(?:[^/]+/)*http/[^/]*\.log|[^/]*rps_http_[^/]*\.log'
    'scheduled_task' = 'windows/system32/tasks/(?:[^/]+/)*[^/]*|windows/syswow64/tasks/(?:[^/]+/)*[^/]*'
    'setup_log' = 'exchangesetuplogs/exchangesetup[^/]*\.log|exchangesetup[^/]*\.log'
    'test_proxylogon' = '[^/]*\-cve\-[^/]*\.csv|[^/]*\-cve\-[^/]*\.log|[^/]*\-logagedays\.csv|test\-proxylogonlogs/[^/]*\.csv|test\-proxylogonlogs/[^/]*\.log|[^/]*test\-proxylogon[^/]*\.txt|[^/]*test\-proxylogon[^/]*\.csv|[^/]*test\-proxylogon[^/]*\.log'
    'web_file' = '(?:[^/]+/)*[^/]*\.aspx|(?:[^/]+/)*[^/]*\.ashx|(?:[^/]+/)*[^/]*\.asmx|(?:[^/]+/)*[^/]*\.asax|(?:[^/]+/)*[^/]*\.asp|(?:[^/]+/)*[^/]*\.asa|(?:[^/]+/)*[^/]*\.svc|(?:[^/]+/)*[^/]*\.soap|(?:[^/]+/)*[^/]*\.rem|(?:[^/]+/)*[^/]*\.xamlx|(?:[^/]+/)*[^/]*\.cshtml|(?:[^/]+/)*[^/]*\.vbhtml|(?:[^/]+/)*[^/]*\.shtml|(?:[^/]+/)*[^/]*\.php|(?:[^/]+/)*[^/]*\.jsp|(?:[^/]+/)*[^/]*\.jspx'
    'web_program' = 'inetpub/wwwroot/(?:[^/]+/)*[^/]*\.exe|inetpub/wwwroot/(?:[^/]+/)*[^/]*\.dll|inetpub/wwwroot/(?:[^/]+/)*[^/]*\.scr|inetpub/wwwroot/(?:[^/]+/)*[^/]*\.ps1|inetpub/wwwroot/(?:[^/]+/)*[^/]*\.psm1|inetpub/wwwroot/(?:[^/]+/)*[^/]*\.bat|inetpub/wwwroot/(?:[^/]+/)*[^/]*\.cmd|inetpub/wwwroot/(?:[^/]+/)*[^/]*\.vbs|inetpub/wwwroot/(?:[^/]+/)*[^/]*\.vbe|inetpub/wwwroot/(?:[^/]+/)*[^/]*\.jse|inetpub/wwwroot/(?:[^/]+/)*[^/]*\.wsf|inetpub/wwwroot/(?:[^/]+/)*[^/]*\.hta|inetpub/wwwroot/(?:[^/]+/)*[^/]*\.py|aspnet_client/(?:[^/]+/)*[^/]*\.exe|aspnet_client/(?:[^/]+/)*[^/]*\.dll|aspnet_client/(?:[^/]+/)*[^/]*\.scr|aspnet_client/(?:[^/]+/)*[^/]*\.ps1|aspnet_client/(?:[^/]+/)*[^/]*\.psm1|aspnet_client/(?:[^/]+/)*[^/]*\.bat|aspnet_client/(?:[^/]+/)*[^/]*\.cmd|aspnet_client/(?:[^/]+/)*[^/]*\.vbs|aspnet_client/(?:[^/]+/)*[^/]*\.vbe|aspnet_client/(?:[^/]+/)*[^/]*\.jse|aspnet_client/(?:[^/]+/)*[^/]*\.wsf|aspnet_client/(?:[^/]+/)*[^/]*\.hta|aspnet_client/(?:[^/]+/)*[^/]*\.py|frontend/httpproxy/(?:[^/]+/)*[^/]*\.exe|frontend/httpproxy/(?:[^/]+/)*[^/]*\.dll|frontend/httpproxy/(?:[^/]+/)*[^/]*\.scr|frontend/httpproxy/(?:[^/]+/)*[^/]*\.ps1|frontend/httpproxy/(?:[^/]+/)*[^/]*\.psm1|frontend/httpproxy/(?:[^/]+/)*[^/]*\.bat|frontend/httpproxy/(?:[^/]+/)*[^/]*\.cmd|frontend/httpproxy/(?:[^/]+/)*[^/]*\.vbs|frontend/httpproxy/(?:[^/]+/)*[^/]*\.vbe|frontend/httpproxy/(?:[^/]+/)*[^/]*\.jse|frontend/httpproxy/(?:[^/]+/)*[^/]*\.wsf|frontend/httpproxy/(?:[^/]+/)*[^/]*\.hta|frontend/httpproxy/(?:[^/]+/)*[^/]*\.py'
}

$options = [Text.RegularExpressions.RegexOptions]'IgnoreCase, CultureInvariant'
$packed = '(?:\.(?:gz|gzip|bz2|xz|zst|zstd))?$'
$wanted = New-Object Text.RegularExpressions.Regex(
    ('(?:^|/)(?:' + ($patterns.Values -join '|') + ')' + $packed), $options)
$single = @{}
$seen = @{}
foreach ($name in $patterns.Keys) {
    $single[$name] = New-Object Text.RegularExpressions.Regex(
        ('(?:^|/)(?:' + $patterns[$name] + ')' + $packed), $options)
    $seen[$name] = 0
}

function Format-Utc([DateTime]$Time) {
    $Time.ToString('yyyy-MM-dd HH:mm:ss.fffffff', [Globalization.CultureInfo]::InvariantCulture)
}

function ConvertTo-CsvLine([object[]]$Values) {
    ($Values | ForEach-Object { '"' + ([string]$_).Replace('"', '""') + '"' }) -join ','
}

function Get-Reason([Exception]$Failure) {
    while ($null -ne $Failure.InnerException) { $Failure = $Failure.InnerException }
    $code = $Failure.HResult -band 0xFFFF
    if ($code -eq 32 -or $code -eq 33) { return 'locked' }
    if ($Failure -is [UnauthorizedAccessException]) { return 'permission' }
    if ($Failure -is [IO.FileNotFoundException] -or $Failure -is [IO.DirectoryNotFoundException]) {
        return 'vanished'
    }
    return 'unreadable: ' + $Failure.Message
}

function Copy-File([string]$Path) {
    $info = New-Object IO.FileInfo($Path)
    $created, $modified, $accessed =
        $info.CreationTimeUtc, $info.LastWriteTimeUtc, $info.LastAccessTimeUtc
    $target = Join-Path $Destination ($Path.Substring(0, 1) + $Path.Substring(2))
    $share = [IO.FileShare]'ReadWrite, Delete'
    $source = New-Object IO.FileStream($Path, [IO.FileMode]::Open, [IO.FileAccess]::Read, $share)
    try {
        # As long as it is now: a log may grow while we read.
        $left = $source.Length
        $size = 0
        [void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($target))
        $copy = New-Object IO.FileStream($target, [IO.FileMode]::CreateNew, [IO.FileAccess]::Write)
        $sha = [Security.Cryptography.SHA256]::Create()
        try {
            $buffer = New-Object byte[] 1048576
            while ($left -gt 0) {
                $count = $source.Read($buffer, 0, [int][Math]::Min($buffer.Length, $left))
                if ($count -eq 0) { break }
                $copy.Write($buffer, 0, $count)
                [void]$sha.TransformBlock($buffer, 0, $count, $null, 0)
                $left -= $count
                $size += $count
            }
            [void]$sha.TransformFinalBlock($buffer, 0, 0)
            $hash = [BitConverter]::ToString($sha.Hash).Replace('-', '').ToLowerInvariant()
        }
        finally {
            $copy.Dispose()
            $sha.Dispose()
        }
    }
    finally { $source.Dispose() }
    [IO.File]::SetCreationTimeUtc($target, $created)
    [IO.File]::SetLastWriteTimeUtc($target, $modified)
    $script:copyLog.WriteLine((ConvertTo-CsvLine @(
        (Format-Utc ([DateTime]::UtcNow)), $Path, $target, $size, $hash,
        (Format-Utc $created), (Format-Utc $modified), (Format-Utc $accessed))))
    if ($left -gt 0) { Write-Skipped $Path 'cut: it ended early while it was read' }
}

function Write-Skipped([string]$Path, [string]$Reason) {
    $script:skipLog.WriteLine((ConvertTo-CsvLine @($Path, $Reason)))
    $script:skipped += 1
}

function Find-Files([string]$Drive) {
    $waiting = New-Object 'Collections.Generic.Stack[string]'
    $waiting.Push($Drive + '\')
    while ($waiting.Count -gt 0) {
        $folder = $waiting.Pop()
        try { $entries = (New-Object IO.DirectoryInfo($folder)).GetFileSystemInfos() }
        catch { Write-Skipped $folder (Get-Reason $_.Exception); continue }
        foreach ($entry in $entries) {
            # Links and junctions are not followed: what they lead to is taken where it lies.
            $isLink = ($entry.Attributes -band [IO.FileAttributes]::ReparsePoint) -ne 0
            if ($entry -is [IO.DirectoryInfo]) {
                if (-not $isLink) { $waiting.Push($entry.FullName) }
                continue
            }
            $path = $entry.FullName.Replace('\', '/')
            if (-not $wanted.IsMatch($path)) { continue }
            foreach ($name in $patterns.Keys) {
                if ($single[$name].IsMatch($path)) { $seen[$name] += 1 }
            }
            try { Copy-File $entry.FullName; $script:copied += 1 }
            catch { Write-Skipped $entry.FullName (Get-Reason $_.Exception) }
            if ($script:copied % 100 -eq 0) {
                Write-Progress -Activity 'Collecting' -Status "$($script:copied) files: $folder"
            }
        }
    }
}

$Destination = [IO.Path]::GetFullPath($Destination)
$own = [IO.Path]::GetPathRoot($Destination).TrimEnd('\')
if (-not $Drives) {
    $Drives = [IO.DriveInfo]::GetDrives() |
        Where-Object { $_.DriveType -eq 'Fixed' -and $_.IsReady } |
        ForEach-Object { $_.Name.TrimEnd('\') } |
        Where-Object { $_ -ne $own }
}
$Drives = @($Drives | ForEach-Object { $_.TrimEnd('\').ToUpperInvariant() })
if ($Drives -contains $own -or $own -eq $env:SystemDrive) {
    throw "$Destination lies on $own, which is to be collected: choose another disk or a share."
}
if (Test-Path -LiteralPath $Destination) { throw "$Destination exists: choose a new folder." }

[void][IO.Directory]::CreateDirectory($Destination)
$stamp = [DateTime]::UtcNow.ToString(
    'yyyy-MM-ddTHHmmss', [Globalization.CultureInfo]::InvariantCulture)
$utf8 = New-Object Text.UTF8Encoding($true)
$copyLog = New-Object IO.StreamWriter((Join-Path $Destination ($stamp + '_CopyLog.csv')), $false, $utf8)
$skipLog = New-Object IO.StreamWriter((Join-Path $Destination ($stamp + '_SkipLog.csv')), $false, $utf8)
$copied = 0
$skipped = 0
try {
    $copyLog.WriteLine('CopiedTimestamp,SourceFile,DestinationFile,FileSize,SourceFileSha256,CreatedOnUtc,ModifiedOnUtc,LastAccessedOnUtc')
    $skipLog.WriteLine('SourceFile,Reason')
    foreach ($drive in $Drives) { Find-Files $drive }
    foreach ($name in $patterns.Keys) {
        if ($seen[$name] -eq 0) { Write-Skipped $name 'absent' }
    }
}
finally {
    $copyLog.Dispose()
    $skipLog.Dispose()
}
Write-Output "$copied files copied to $Destination; $skipped lines in ${stamp}_SkipLog.csv: read them."
