// A mailbox export is a PST file, which begins with "!BDN". Saved under a page's name, IIS runs whatever
// script text an e-mail in it holds.
rule webshell_mailbox_export
{
    meta:
        title = "A mailbox export that holds a page's script"
        grade = "persistence"
        confidence = "high"
        severity = "critical"
        cves = "CVE-2021-31207,CVE-2021-34473,CVE-2021-34523"
        attack = "T1505.003"
        false_positives = "A real mailbox export in which somebody discusses web pages, which would not lie in a web folder"
        next_steps = "Look for New-MailboxExportRequest in the management event log|Look in the IIS log for requests to this page"
        reference = "https://github.com/Neo23x0/signature-base"
    strings:
        $script = /<\s{0,4}scrip[t][^>]{0,160}runa[t]|<%\s{0,4}@\s{0,4}Page/ ascii wide nocase
        $decoded = /eva[l]\s{0,4}\(|Reques[t]\s{0,4}[\[\(]/ ascii wide nocase
    condition:
        uint32be(0) == 0x2142444E and any of them
}
