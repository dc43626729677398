rule webshell_jscript_page
{
    meta:
        title = "A page in JScript that acts when it is loaded"
        grade = "persistence"
        confidence = "medium"
        severity = "high"
        cves = "CVE-2021-27065"
        attack = "T1505.003"
        false_positives = "A page of the organisation's own in JScript.NET, a language that Exchange does not use"
        next_steps = "Read the page as text|Look in the IIS log for requests to this page"
    strings:
        $script = /<\s{0,4}scrip[t][^>]{0,160}language\s{0,4}=\s{0,4}["']?jscrip[t]["']?[^>]{0,160}runa[t]/ ascii wide nocase
        $directive = /<%\s{0,4}@\s{0,4}Page[^>]{0,160}Language\s{0,4}=\s{0,4}["']?jscrip[t]/ ascii wide nocase
    condition:
        any of them and filesize < 64KB
}
