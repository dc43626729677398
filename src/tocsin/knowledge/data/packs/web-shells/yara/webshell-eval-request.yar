rule webshell_eval_request
{
    meta:
        title = "A page that runs what it is sent"
        grade = "persistence"
        confidence = "high"
        severity = "critical"
        cves = "CVE-2021-27065,CVE-2021-34473"
        attack = "T1505.003"
        false_positives = "None known in Exchange's web folders"
        next_steps = "Look in the IIS log for POST requests to this page|Look for processes started by w3wp.exe at those times"
    strings:
        $direct = /eva[l]\s{0,8}\(\s{0,8}(\/\*[^\r\n]{0,64}\*\/\s{0,8})?(System\.Text\.Encoding\.[^\r\n]{0,120})?Reques[t]\s{0,4}[\[\(\.]/ ascii wide nocase
        $unsafe = /eva[l]\s{0,8}\([^\r\n]{1,400}["']un["']?\s{0,4}\+?\s{0,4}["']?safe["']/ ascii wide nocase
        $request = /Reques[t]\s{0,4}[\[\(\.]/ ascii wide nocase
    condition:
        $direct or ($unsafe and $request)
}
