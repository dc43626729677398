"""What people fill in."""

from __future__ import annotations

from django import forms


class UploadForm(forms.Form):
    """A result or evidence, and which host it is about where that is known."""

    file = forms.FileField(
        label="File",
        max_length=1000,
        help_text="The output of `tocsin hunt --json`, or an archive of a collected server "
        "(zip, tar, tar.gz, tar.zst, tar.bz2, 7z). Its content tells which; its name does not "
        "matter.",
    )
    host = forms.CharField(
        label="Host",
        required=False,
        max_length=253,
        help_text="The address or name under which this campaign knows the server. You can also "
        "say it later: it counts for the host only then.",
    )


class HostForm(forms.Form):
    """Which host a hunt is about."""

    host = forms.CharField(
        label="Address or name of the host",
        max_length=253,
        help_text="As this campaign knows it. A host that no feed has named yet is added.",
    )
