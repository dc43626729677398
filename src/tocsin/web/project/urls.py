"""The addresses of the desk: each app has its own below a campaign."""

from __future__ import annotations

from django.urls import include, path

_CAMPAIGN = "c/<slug:campaign>/"

urlpatterns = [
    path("accounts/", include("tocsin.web.accounts.sign_in_urls")),
    path("people/", include("tocsin.web.accounts.urls")),
    path("", include("tocsin.web.campaigns.urls")),
    path("constituencies/", include("tocsin.web.organisations.constituency_urls")),
    path(_CAMPAIGN, include("tocsin.web.dashboard.urls")),
    path(f"{_CAMPAIGN}organisations/", include("tocsin.web.organisations.urls")),
    path(f"{_CAMPAIGN}assets/", include("tocsin.web.assets.urls")),
    path(f"{_CAMPAIGN}imports/", include("tocsin.web.imports.urls")),
    path(f"{_CAMPAIGN}cases/", include("tocsin.web.cases.urls")),
    path(f"{_CAMPAIGN}hunts/", include("tocsin.web.hunts.urls")),
    path(f"{_CAMPAIGN}decisions/", include("tocsin.web.audit.urls")),
    path(f"{_CAMPAIGN}views/", include("tocsin.web.lists.urls")),
    path("work/", include("tocsin.web.work.urls")),
]

handler400 = "tocsin.web.design.errors.bad_request"
