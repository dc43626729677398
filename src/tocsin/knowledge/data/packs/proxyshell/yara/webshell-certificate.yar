// A certificate request begins with a long ASN.1 sequence: 0x30 and a length above 0x80 (usually 0x82). Saved under a page's name with
// -BinaryEncoded, IIS runs the script that stands in its subject.
rule webshell_certificate
{
    meta:
        title = "A certificate request that holds a page's script"
        grade = "persistence"
        confidence = "high"
        severity = "critical"
        cves = "CVE-2021-31207,CVE-2021-34473,CVE-2021-34523"
        attack = "T1505.003"
        false_positives = "None known"
        next_steps = "Look for New-ExchangeCertificate in the management event log|Look in the IIS log for requests to this page"
        reference = "https://github.com/Neo23x0/signature-base"
    strings:
        $directive = /Page\s{1,4}Language\s{0,4}=/ ascii wide nocase
        $script = /scrip[t][^>]{0,160}runa[t]/ ascii wide nocase
    condition:
        uint8(0) == 0x30 and uint8(1) >= 0x80 and any of them
}
