rule webshell_load_request
{
    meta:
        title = "A page that loads program code it is sent"
        grade = "persistence"
        confidence = "high"
        severity = "critical"
        attack = "T1505.003,T1620"
        false_positives = "None known in Exchange's web folders"
        next_steps = "Look in the IIS log for POST requests to this page|Memory of w3wp.exe may still hold the loaded code"
    strings:
        $load = /Assembl[y]\.Loa[d]\s{0,4}\(|AppDomain\.CurrentDomain\.Loa[d]\s{0,4}\(|System\.Reflection\.Assembl[y]/ ascii wide nocase
        $decode = /FromBase64Strin[g]\s{0,4}\(\s{0,4}(System\.Text\.[^\r\n]{0,80})?(Contex[t]\.)?Reques[t]\s{0,4}[\[\(\.]/ ascii wide nocase
        $binary = /Reques[t]\.BinaryRea[d]\s{0,4}\(/ ascii wide nocase
        $create = /CreateInstanc[e]\s{0,4}\(|CreateDecrypto[r]\s{0,4}\(/ ascii wide nocase
    condition:
        $decode or ($binary and ($load or $create))
}
