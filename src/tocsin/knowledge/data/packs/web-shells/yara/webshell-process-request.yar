rule webshell_process_request
{
    meta:
        title = "A page that starts a program with what it is sent"
        grade = "persistence"
        confidence = "high"
        severity = "critical"
        attack = "T1505.003,T1059.003"
        false_positives = "A diagnostic page of the organisation's own"
        next_steps = "Look in the IIS log for POST requests to this page|Look for children of w3wp.exe at those times"
    strings:
        $page = /<%\s{0,4}@|<\s{0,4}scrip[t][^>]{0,120}runa[t]/ ascii wide nocase
        $start = /Proces[s]\.Star[t]\s{0,4}\(|ProcessStartInf[o]|WScript\.Shel[l]/ ascii wide nocase
        $shell = /cmd(\.exe)?["' ]|powershell(\.exe)?["' ]/ ascii wide nocase
        $request = /Reques[t]\s{0,4}[\[\(\.]/ ascii wide nocase
        $text_box = /TextBo[x]|\.Text\b/ ascii wide nocase
    condition:
        $page and $start and $shell and ($request or $text_box)
}
