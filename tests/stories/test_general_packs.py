"""The packs of no single hole: it succeeded, it failed, and what administrators do every day.

Each server is built from a readable recipe (`samples/recipes/chains`). All run a build on which none
of the known ways in was ever open, so these packs alone decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories.servers import host_of, pack_of, run_of
from tocsin import samples
from tocsin.hunt import Options
from tocsin.knowledge.packs import all_packs
from tocsin.model.grade import Confidence, Grade, Level

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stories.servers import Attacked

CHAINS = {
    "web-shell-use": "web-shells",
    "iis-module-installed": "iis-backdoors",
    "ransomware-attack": "ransomware",
    "mail-taken": "mail-theft",
}
SUCCEEDED = {
    "web-shell-use": Grade.POST_EXPLOITATION,
    "iis-module-installed": Grade.POST_EXPLOITATION,
    "ransomware-attack": Grade.IMPACT,
    "mail-taken": Grade.MAIL_THEFT,
}
WITNESSES = {
    "web-shell-use": {"u_ex250917.log", "Microsoft-Windows-Sysmon%4Operational.evtx"},
    "iis-module-installed": {
        "Microsoft-IIS-Configuration%4Operational.evtx",
        "Microsoft-Windows-Sysmon%4Operational.evtx",
    },
    "ransomware-attack": {
        "Microsoft-Windows-Sysmon%4Operational.evtx",
        "Microsoft-Windows-Windows Defender%4Operational.evtx",
        "Security.evtx",
    },
    "mail-taken": {
        "MSExchange Management.evtx",
        "Rps_Cmdlet_2025091900-1.LOG",
        "Microsoft-Windows-Sysmon%4Operational.evtx",
    },
}
every_chain = pytest.mark.parametrize("chain", sorted(CHAINS))


@every_chain
def test_where_it_succeeded_the_pack_says_compromised(chain: str, attacked: Attacked) -> None:
    host = attacked(chain, "succeeded")
    assert (Level.COMPROMISED, Level.COMPROMISED) == (
        host.verdict.level,
        pack_of(host, CHAINS[chain]).level,
    )
    run = run_of(host, chain)
    assert (SUCCEEDED[chain], Confidence.HIGH) == (run.grade, run.confidence)


@every_chain
def test_success_cites_more_than_one_source(chain: str, attacked: Attacked) -> None:
    cited = {
        one.artefact.rpartition("/")[2]
        for one in run_of(attacked(chain, "succeeded"), chain).citations
    }
    assert set() == WITNESSES[chain] - cited


@every_chain
def test_nothing_is_put_down_to_a_hole_that_this_server_never_had(
    chain: str, attacked: Attacked
) -> None:
    campaigns = {pack.about.slug for pack in all_packs() if pack.about.cves}
    host = attacked(chain, "succeeded")
    assert set() == {pack.pack for pack in host.packs if pack.level} & campaigns
    assert "How they got in was not seen." in " ".join(host.verdict.reasons)


@pytest.mark.parametrize(
    ("chain", "level"),
    [
        ("web-shell-use", Level.PROBED),
        ("iis-module-installed", Level.PROBED),
        ("ransomware-attack", Level.INCONCLUSIVE),
        ("mail-taken", Level.ATTEMPTED),
    ],
)
def test_where_it_failed_no_success_is_claimed(
    chain: str, level: Level, attacked: Attacked
) -> None:
    host = attacked(chain, "failed")
    assert level is host.verdict.level
    assert [] == [finding for finding in host.findings if finding.id == chain]


def test_a_page_in_quarantine_was_written_and_not_used(attacked: Attacked) -> None:
    host = attacked("web-shell-use", "quarantined")
    run = run_of(host, "web-shell-use")
    assert (Level.COMPROMISED, Grade.PERSISTENCE) == (host.verdict.level, run.grade)
    assert [] == [finding for finding in host.findings if finding.id == "web-shell-requests"]


@every_chain
def test_everyday_work_is_named_as_hints_and_moves_nothing(chain: str, attacked: Attacked) -> None:
    host = attacked(chain, "everyday")
    assert Level.NO_EVIDENCE_FOUND is host.verdict.level
    assert {None} == {pack.level for pack in host.packs}
    assert {(Grade.PROBE, Confidence.LOW)} >= {
        (finding.grade, finding.confidence) for finding in host.findings
    }


@pytest.mark.parametrize(
    ("chain", "hint"),
    [
        ("iis-module-installed", "iis-global-module-added"),
        ("ransomware-attack", "ransom-shadows-shrunk"),
        ("ransomware-attack", "defender-switched-off"),
        ("mail-taken", "mail-forwarding"),
        ("mail-taken", "mail-transport-agent"),
    ],
)
def test_a_hint_is_still_there_for_whoever_asks(chain: str, hint: str, attacked: Attacked) -> None:
    assert hint in {finding.id for finding in attacked(chain, "everyday").findings}


def test_nothing_found_by_these_packs_alone_is_measured_by_what_was_there(tmp_path: Path) -> None:
    source = samples.build_chain("web-shell-use", "everyday", tmp_path)
    host = host_of(source, Options(packs=("web-shells",)))
    assert Level.NO_EVIDENCE_FOUND is host.verdict.level
    assert ["web-shells", "post-exploitation"] == [pack.pack for pack in host.packs]


# Real recordings. The corpus is not part of the project; where it is absent these do not run.


@pytest.mark.parametrize(
    ("recording", "rules"),
    [
        (
            "sbousseaden/LM_typical_IIS_webshell_sysmon_1_10_traces.evtx",
            {"postexp-w3wp-child", "postexp-application-pool-shell", "iis-shell-from-memory"},
        ),
        (
            "sbousseaden/discovery_sysmon_1_iis_pwd_and_config_discovery_appcmd.evtx",
            {"postexp-application-pool-shell"},
        ),
        (
            "mdecrevoisier/ID11-Exchange transport config modified.evtx",
            {"mail-transport-configuration"},
        ),
        (
            "mdecrevoisier/ID4756-Exchange admin group change.evtx",
            {"postexp-exchange-group-member"},
        ),
    ],
)
def test_real_recordings_show_what_the_rules_look_for(
    corpus: Path, recording: str, rules: set[str]
) -> None:
    host = host_of(corpus / "evtx" / recording)
    cited = {one.rule for finding in host.findings for one in finding.citations}
    assert set() == rules - cited


@pytest.mark.parametrize(
    ("recording", "level"),
    [
        ("sbousseaden/LM_typical_IIS_webshell_sysmon_1_10_traces.evtx", Level.COMPROMISED),
        (
            "sbousseaden/discovery_sysmon_1_iis_pwd_and_config_discovery_appcmd.evtx",
            Level.COMPROMISED,
        ),
        ("mdecrevoisier/ID4756-Exchange admin group change.evtx", Level.INCONCLUSIVE),
    ],
)
def test_a_real_recording_gets_the_level_that_it_shows(
    corpus: Path, recording: str, level: Level
) -> None:
    """A changed group alone proves nothing; and a recording of minutes covers nothing else."""
    assert level is host_of(corpus / "evtx" / recording).verdict.level


def test_what_administrators_do_is_never_more_than_a_hint_in_real_recordings(
    corpus: Path,
) -> None:
    host = host_of(corpus / "evtx" / "benign")
    assert {Grade.PROBE} >= {finding.grade for finding in host.findings}
