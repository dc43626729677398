"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from tocsin.web.cases import views

app_name = "cases"
urlpatterns = [
    path("", views.cases, name="list"),
    path("open/<int:pk>/", views.open_, name="open"),
    path("<int:number>/", views.case, name="detail"),
    path("<int:number>/note/", views.note, name="note"),
    path("<int:number>/assign/", views.assign, name="assign"),
    path("<int:number>/move/", views.move, name="move"),
    path("<int:number>/mark/", views.mark, name="mark"),
]
