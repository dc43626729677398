rule webshell_form_writer
{
    meta:
        title = "A page that writes a file whose name and content it is sent"
        grade = "persistence"
        confidence = "high"
        severity = "critical"
        cves = "CVE-2021-27065"
        attack = "T1505.003,T1105"
        false_positives = "None known in Exchange's web folders"
        next_steps = "Look in the IIS log for POST requests to this page|Look for files written by w3wp.exe at those times"
        reference = "https://github.com/microsoft/CSS-Exchange/issues/427"
    strings:
        $stream = /StreamWrite[r]\s{0,4}\(\s{0,4}(Server\.MapPath\s{0,4}\(\s{0,4})?Reques[t]\s{0,4}[\[\(\.]/ ascii wide nocase
        $file = /File\.(WriteAllText|WriteAllBytes|AppendAllText|Create)\s{0,4}\(\s{0,4}(Server\.MapPath\s{0,4}\(\s{0,4})?Reques[t]\s{0,4}[\[\(\.]/ ascii wide nocase
        $save = /SaveAs\s{0,4}\(\s{0,4}(Server\.MapPath\s{0,4}\(\s{0,4})?Reques[t]\s{0,4}[\[\(\.]/ ascii wide nocase
    condition:
        any of them
}
