"""Addresses below /c/<campaign>/imports/."""

from __future__ import annotations

from django.urls import path

from tocsin.web.imports.deciding import discard, effect, go, new, preview
from tocsin.web.imports.views import detail, dismiss, imports, quarantine, retry, undo

app_name = "imports"
urlpatterns = [
    path("", imports, name="list"),
    path("new/", new, name="new"),
    path("<int:number>/", detail, name="detail"),
    path("<int:number>/preview/", preview, name="preview"),
    path("<int:number>/effect/", effect, name="effect"),
    path("<int:number>/go/", go, name="go"),
    path("<int:number>/discard/", discard, name="discard"),
    path("<int:number>/quarantine/", quarantine, name="quarantine"),
    path("<int:number>/dismiss/", dismiss, name="dismiss"),
    path("<int:number>/retry/", retry, name="retry"),
    path("<int:number>/undo/", undo, name="undo"),
]
