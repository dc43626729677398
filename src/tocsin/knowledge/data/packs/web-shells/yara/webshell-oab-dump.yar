// The whole configuration of a virtual directory as text, with script in an address: whoever wrote
// it, it came out of a reset of that directory. Names of the attributes are Exchange's own.
rule webshell_oab_dump
{
    meta:
        title = "A virtual directory's configuration with script in its address, written out as a page"
        grade = "persistence"
        confidence = "high"
        severity = "critical"
        cves = "CVE-2021-27065"
        attack = "T1505.003"
        false_positives = "None known; Exchange never writes a virtual directory's configuration into a page"
        next_steps = "Look in the IIS log for requests to this page|Find the second in which it was written in the HttpProxy and ECP server logs"
        reference = "https://github.com/microsoft/CSS-Exchange/issues/427"
    strings:
        $internal = "internalauthenticationmethods" ascii wide nocase
        $external = "externalauthenticationmethods" ascii wide nocase
        $protection = "extendedprotectiontokenchecking" ascii wide nocase
        $metabase = "metabasepath" ascii wide nocase
        $script = /(External|Internal)Url\s*[:=][^\r\n]{0,200}<\s*(scrip[t]|%)/ ascii nocase
        $script_wide = /(E\x00x\x00t\x00e\x00r\x00n\x00a\x00l\x00)U\x00r\x00l\x00[^\r\n]{0,400}<\x00(s\x00c\x00r\x00i\x00p\x00[t]|%)/ nocase
    condition:
        2 of ($internal, $external, $protection, $metabase) and any of ($script, $script_wide)
}
