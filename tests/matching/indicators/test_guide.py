"""The programs that the guide prints say what it promises."""

from __future__ import annotations

import re
from pathlib import Path

import jq  # type: ignore[import-not-found]  # a compiled module without types

from tocsin.hunt import Options, hunt
from tocsin.model.progress import SilentProgress
from tocsin.report.format import all_reports

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "partner-indicators.md"


def test_the_guide_lists_what_failed_and_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "bad.aspx").write_text("<%@ Page %>")
    partner = tmp_path / "partner.csv"
    partner.write_text("value,comment\nbad.aspx,a shell\nnonsense,\n")
    result = hunt([tmp_path / "evidence"], Options(indicators=(partner,)), SilentProgress())
    text = all_reports()["json"].render(result).decode()
    failed, leads = re.findall(r"jq -r '([^']+)'", GUIDE.read_text(encoding="utf-8"))

    (reason,) = jq.compile(failed).input(text=text).all()
    assert reason.startswith(f"{partner}: line 3: 'nonsense' is no hash")
    (lead,) = jq.compile(leads).input(text=text).all()
    assert lead.endswith("File name bad.aspx, listed in partner.csv: a shell")
