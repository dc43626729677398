"""Addresses of this app, below a campaign."""

from __future__ import annotations

from django.urls import path

from tocsin.web.organisations import contact_views as contacts
from tocsin.web.organisations import views

app_name = "organisations"
urlpatterns = [
    path("", views.organisations, name="list"),
    path("new/", views.new, name="new"),
    path("<int:pk>/", views.organisation, name="detail"),
    path("<int:pk>/correct/", views.correct, name="correct"),
    path("<int:pk>/follow/", views.follow, name="follow"),
    path("<int:pk>/claims/", views.claim, name="claim"),
    path("<int:pk>/claims/<int:claim>/withdraw/", views.withdraw, name="withdraw-claim"),
    path("<int:pk>/claims/<int:claim>/restore/", views.restore, name="restore-claim"),
    path("<int:pk>/contacts/", contacts.contacts, name="contacts"),
    path("<int:pk>/contacts/add/", contacts.add, name="add-contact"),
    path("<int:pk>/contacts/<int:contact>/", contacts.describe, name="describe-contact"),
    path("<int:pk>/contacts/<int:contact>/replace/", contacts.replace, name="replace-contact"),
    path("<int:pk>/contacts/<int:contact>/withdraw/", contacts.withdraw, name="withdraw-contact"),
    path("<int:pk>/contacts/<int:contact>/restore/", contacts.restore, name="restore-contact"),
]
